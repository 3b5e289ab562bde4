"""Large tensors in pieces, and the precision that a piece is worked on in: no temporary is larger than a piece."""

from collections.abc import Iterator

import torch

from kbwf.verdict.tolerance import is_exact

PIECE = 1 << 22
"""Elements of one piece: 16 MB in float32, which a GPU's last-level cache holds."""


def pieces(*tensors: torch.Tensor, size: int = PIECE) -> Iterator[tuple[torch.Tensor, ...]]:
    """Views of equally shaped tensors that together cover them, none of more than `size` elements; any strides."""
    first = tensors[0]
    if first.numel() <= size:
        if first.numel():
            yield tensors
        return
    rows = size // first[0].numel()
    if rows:
        for start in range(0, len(first), rows):
            yield tuple(tensor[start : start + rows] for tensor in tensors)
    else:
        for index in range(len(first)):
            yield from pieces(*(tensor[index] for tensor in tensors), size=size)


def work_dtype(output: torch.dtype, expected: torch.dtype) -> torch.dtype:
    """What differences are taken in: at least float32, at least as wide as both; float64 for integers."""
    if is_exact(expected):
        return torch.float64
    return torch.promote_types(torch.promote_types(output, expected), torch.float32)


def widest(dtype: torch.dtype) -> torch.dtype:
    """Where something is infinite or not a number, or sums need it."""
    return torch.complex128 if dtype.is_complex else torch.float64
