"""A small task to examine kernels for."""

import pytest

from kbwf.oracle.trials import Examiner
from kbwf.verdict.variations import draws_of

SOURCE = """import torch


class Model(torch.nn.Module):
    def __init__(self, width):
        super().__init__()
        self.gain = torch.nn.Parameter(torch.ones(width))

    def forward(self, x):
        return torch.relu(x * self.gain).cumsum(dim=1)


def get_inputs():
    return [torch.rand(24, 48)]


def get_init_inputs():
    return [48]
"""


def kernel_of(body: str) -> str:
    """A kernel for the task above."""
    lines = "".join(f"        {line}\n" for line in body.splitlines())
    return f"{SOURCE}\n\nclass ModelNew(Model):\n    def forward(self, x):\n{lines}"


@pytest.fixture(scope="session")
def examiner() -> Examiner:
    """Its inputs may be anything."""
    return Examiner(SOURCE, draws_of([["signed", "scaled", "shifted", "heavy_tailed"]]), seed=3)
