"""What holds for every test: the same examples on every machine."""

import sys
from collections.abc import Iterator

import pytest
from hypothesis import settings

# The gate must say the same everywhere. `pytest --hypothesis-profile=search` looks for new examples.
settings.register_profile("gate", derandomize=True, deadline=None, database=None)
settings.register_profile("search", deadline=None, max_examples=2000, print_blob=True)
settings.load_profile("gate")


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Whole workflows come first: they take longest, and the process that has them is not the last to end."""
    items.sort(key=lambda item: item.path.parent.name != "workflow")


@pytest.fixture(autouse=True, scope="session")
def own_cache(tmp_path_factory: pytest.TempPathFactory) -> Iterator[None]:
    """What Snakemake keeps in the user's home lies in a folder of the tests: the home may be read-only."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("XDG_CACHE_HOME", str(tmp_path_factory.mktemp("cache")))
        yield


@pytest.fixture(autouse=True)
def one_thread() -> Iterator[None]:
    """torch, once it is loaded, works on one thread: beside other work, small tensors keep two busy for much longer."""
    torch = sys.modules.get("torch")
    before = torch.get_num_threads() if torch else 0
    if torch:
        torch.set_num_threads(1)
    yield
    if torch:
        torch.set_num_threads(before)
