"""Numbers that no kernel can know: of generators that draw nothing else.

A task's inputs come from torch's own generators, from whose numbers their state, and with it the next ones, could be
worked out.
"""

import functools
import secrets
from collections.abc import Sequence

import torch

CHOICE = secrets.SystemRandom()


@functools.cache
def _generator() -> torch.Generator:
    return torch.Generator().manual_seed(secrets.randbits(63))


def integers(low: int, high: int, shape: Sequence[int]) -> torch.Tensor:
    """Uniform integers from `low` to `high` - 1, on the host."""
    return torch.randint(low, high, tuple(shape), generator=_generator())
