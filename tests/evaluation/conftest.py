"""One judge for the tests of a module."""

from collections.abc import Iterator

import pytest
import torch

from kbwf.stages.evaluate import EvaluateHandler


@pytest.fixture(scope="module")
def handler() -> Iterator[EvaluateHandler]:
    """A handler with its zygote; the number of torch's threads is put back, which a judge sets for its process."""
    num_threads = torch.get_num_threads()
    yield EvaluateHandler()
    torch.set_num_threads(num_threads)
