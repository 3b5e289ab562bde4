"""One judge for the tests of a module."""

from collections.abc import Iterator

import pytest

from kbwf.stages.evaluate_kernel import EvaluateHandler
from tests.judge.problems import ask_for_no_times, new_handler


@pytest.fixture(scope="module")
def handler() -> Iterator[EvaluateHandler]:
    """A handler with its launcher."""
    with new_handler() as found:
        yield found


@pytest.fixture(autouse=True)
def statuses_not_times(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> None:
    """A busy machine shall change no status: only tests of times ask whether a time can be believed."""
    if not any(map(request.node.get_closest_marker, ("timing", "gpu"))):
        ask_for_no_times(monkeypatch)
