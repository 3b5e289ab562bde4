"""Whether an output can tell right from wrong: by its variation, and by what rounding hides of it."""

from typing import NamedTuple

import torch

from kbwf.verdict.scales import scale_of
from kbwf.verdict.tolerance import HALF, RefError, Scale, hardened_bound, is_exact

MIN_SPREAD_FRAC = 2.0**-4
"""A varied draw decides nothing if the output's spread, in units of its size, is less than this part of the official's.

A softmax of inputs near 0 is a constant and a trace of the inputs. Its sums are of nearly equal terms, which all round
in one direction: with eight lanes of 12,500 terms they lose 2 to 360 roundoffs, as the factor falls.
"""
MAX_BOUND_FRAC = 2.0**-5
"""A draw on which rounding may hide this much of the output's spread decides nothing."""
MAX_COARSE_BOUND_FRAC = 2.0**-3
"""The same in half precision, where a mean of four spreads hides 2^-4 already, and on official draws, without which
there is nothing to judge by; zeros and means are off by a whole."""


class Measured(NamedTuple):
    """What is kept of an output that draws are held against."""

    shape: torch.Size
    dtype: torch.dtype
    scale: Scale


def measured_of(output: torch.Tensor) -> Measured:
    """Shape, dtype, size and variation of an output."""
    return Measured(output.shape, output.dtype, scale_of(output))


def collapses(output: Measured, official: Measured) -> bool:
    """Whether next to nothing of the variation is left."""
    if is_exact(output.dtype):
        return False
    return output.scale.spread * official.scale.rms < MIN_SPREAD_FRAC * official.scale.spread * output.scale.rms


def decides(output: Measured, official: Measured, error: RefError, *, is_official: bool = False) -> bool:
    """Whether an output has the official one's shape, is as finite, varies if that does, and no rounding hides it."""
    if output.shape != official.shape or output.dtype != official.dtype:
        return False
    scale = output.scale
    if scale.num_values < official.scale.num_values or (output.shape.numel() and not scale.num_values):
        return False
    bound = hardened_bound(output.dtype, scale, error)
    if is_exact(output.dtype):
        return bound.unequal_frac <= MAX_BOUND_FRAC and (scale.spread > 0 or official.scale.spread == 0)
    size = scale.spread if official.scale.spread else scale.rms
    return bound.rms <= (MAX_COARSE_BOUND_FRAC if is_official or output.dtype in HALF else MAX_BOUND_FRAC) * size
