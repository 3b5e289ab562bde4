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
def _generator(device: torch.device) -> torch.Generator:
    return torch.Generator(device).manual_seed(secrets.randbits(63))


def integers(low: int, high: int, shape: Sequence[int], device: torch.device) -> torch.Tensor:
    """Uniform integers from `low` to `high` - 1."""
    return torch.randint(low, high, tuple(shape), generator=_generator(device), device=device)
