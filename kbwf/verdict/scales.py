"""Size and variation of expected outputs: moments piece by piece, or on a GPU in one pass."""

import math
from collections.abc import Sequence

import torch

from kbwf.verdict import fused
from kbwf.verdict.pieces import pieces, widest, work_dtype
from kbwf.verdict.tolerance import Scale


def scale_of(expected: torch.Tensor) -> Scale:
    """Size and variation of an expected output."""
    return scales_of([expected])[0]


def scales_of(tensors: Sequence[torch.Tensor]) -> list[Scale]:
    """The same for several; on a GPU at once, where all are of one layout."""
    found: list[list[float]] | None = fused.moments(tensors) if fused.can_read(*tensors) else None
    return [_scale(each, found[number] if found else None) for number, each in enumerate(tensors)]


def _scale(expected: torch.Tensor, figures: list[float] | None) -> Scale:
    work = work_dtype(expected.dtype, expected.dtype)
    figures = figures or _moments(expected, work, sift=False)
    if not all(map(math.isfinite, figures)):
        figures = _moments(expected, widest(work), sift=True)
    count, real, imaginary, sum_squares = figures
    spread = math.sqrt(max(sum_squares, 0.0) / count) if count else 0.0
    mean = complex(real, imaginary)
    return Scale(num_values=int(count), mean=mean, rms=math.hypot(spread, abs(mean)), spread=spread)


def _moments(expected: torch.Tensor, work: torch.dtype, *, sift: bool) -> list[float]:
    """Number, mean (real, imaginary), sum of squared deviations: merged piece by piece (Chan, Golub & LeVeque 1983)."""
    wide = widest(work)
    count = torch.zeros((), dtype=torch.float64, device=expected.device)
    mean, squares = count.to(wide), count.clone()
    for (piece,) in pieces(expected):
        x = piece.to(work)
        finite = x.isfinite() if sift else None
        if finite is not None:
            x = torch.where(finite, x, 0)
        num = count.new_tensor(x.numel()) if finite is None else finite.sum().double()
        own_mean = x.sum(dtype=wide) / num.clamp_min(1)
        center = own_mean.to(work)  # deviations from a rounded mean; what rounding moved is taken away again
        deviations = (x - center).abs()
        if finite is not None:
            deviations = torch.where(finite, deviations, 0)
        own_squares = deviations.square().sum(dtype=torch.float64) - num * (own_mean - center).abs().square()
        step, total = own_mean - mean, count + num
        mean = mean + step * num / total.clamp_min(1)
        squares = squares + own_squares + step.abs().square() * count * num / total.clamp_min(1)
        count = total
    return [count.item(), mean.real.item(), mean.imag.item() if wide.is_complex else 0.0, squares.item()]
