"""One judge for the tests of a module."""

from collections.abc import Iterator

import pytest
import torch

from kbwf.judge import judge as judge_module
from kbwf.stages.evaluate_kernel import EvaluateHandler


@pytest.fixture(scope="module")
def handler() -> Iterator[EvaluateHandler]:
    """A handler with its zygote; the number of torch's threads is put back, which a judge sets for its process."""
    num_threads = torch.get_num_threads()
    yield EvaluateHandler()
    torch.set_num_threads(num_threads)


@pytest.fixture(autouse=True)
def patient(monkeypatch: pytest.MonkeyPatch) -> None:
    """A kernel whose times are doubted is timed again until it is believed: these tests ask for statuses, not times."""
    monkeypatch.setattr(judge_module, "_NUM_TIMING_ATTEMPTS", 30)
