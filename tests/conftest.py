"""What holds for every test: the same examples on every machine."""

from collections.abc import Iterator

import pytest
from hypothesis import settings

# The gate must say the same everywhere. `pytest --hypothesis-profile=search` looks for new examples.
settings.register_profile("gate", derandomize=True, deadline=None, database=None)
settings.register_profile("search", deadline=None, max_examples=2000, print_blob=True)
settings.load_profile("gate")


@pytest.fixture
def one_thread() -> Iterator[None]:
    """torch works on one thread: on a busy machine, small tensors are done in a tenth of the time."""
    import torch

    before = torch.get_num_threads()
    torch.set_num_threads(1)
    yield
    torch.set_num_threads(before)
