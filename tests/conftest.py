"""What holds for every test: the same examples on every machine."""

from hypothesis import settings

# The gate must say the same everywhere. `pytest --hypothesis-profile=search` looks for new examples.
settings.register_profile("gate", derandomize=True, deadline=None, database=None)
settings.register_profile("search", deadline=None, max_examples=2000, print_blob=True)
settings.load_profile("gate")
