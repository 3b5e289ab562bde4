"""What no single pair of processes shows: how far two of them differ. Pure arithmetic, on logarithms of speedups.

A reference that is measured as its own kernel has speedup 1. What several such measurements, each in a fresh pair of
processes, say instead is the error of one: where memory lies, which clock a card holds, which algorithm a library took.
"""

import math
from collections.abc import Sequence

import numpy as np
from scipy import stats

from kbwf.judge.measurement import are_few, variance_of_median
from kbwf.records import Timing

_CONFIDENCE_LEVEL = 0.95
_Z = float(stats.norm.ppf(0.5 + _CONFIDENCE_LEVEL / 2))


def pair_std(pairs: Sequence[Timing]) -> float | None:
    """Standard deviation of a log speedup between pairs of processes, of which 1 is the truth; None without pairs.

    The mean square of the pairs' log speedups, less what their own intervals already hold. About 1 and not about their
    mean: what makes all of them 0.994 is an error too.
    """
    if not pairs:
        return None
    square = _mean_square(pairs) - float(np.mean([_own_variance(pair) for pair in pairs]))
    return math.sqrt(max(0.0, square))


def widened(timing: Timing, pairs: Sequence[Timing]) -> Timing:
    """The timing with an interval that also holds the error between pairs of processes.

    Distances from the speedup to its bounds, as logarithms, are added in squares: its own, and that of `pair_std` by
    Student's t with as many degrees of freedom as there are pairs. They are never less than what the pairs were away
    from 1, whatever explains that, by the same t: a difference of two variances from five pairs is often nothing where
    the truth is not, and blocks know less of their own error than they say.
    """
    std = pair_std(pairs)
    if std is None:
        return timing
    quantile = float(stats.t.ppf(0.5 + timing.confidence_level / 2, len(pairs)))
    least = quantile * math.sqrt(_mean_square(pairs))
    below, above = (
        max(math.hypot(math.log(timing.speedup / bound), quantile * std), least)
        for bound in (timing.speedup_low, timing.speedup_high)
    )
    return timing.model_copy(
        update={
            "speedup_low": min(timing.speedup, timing.speedup * math.exp(-below)),
            "speedup_high": max(timing.speedup, timing.speedup * math.exp(above)),
            "pair_std": std,
            "num_pairs": len(pairs),
        }
    )


def combined(own: Sequence[Timing], identical: Sequence[Timing]) -> tuple[float, float, float]:
    """Speedup of a kernel over several fresh pairs, with its interval.

    The geometric mean; its error is that of one pair over the root of their number. One pair's error is pooled from the
    kernel's pairs about their mean and from the reference's own about 1, and never less than the kernel's own intervals
    say; Student's t has the degrees of freedom of the pool.

    Args:
        own: the kernel's, at least one.
        identical: the reference's as its own kernel.
    """
    logs = np.log([timing.speedup for timing in own])
    num_free = len(own) - 1 + len(identical)
    squares = float(((logs - logs.mean()) ** 2).sum())
    squares += len(identical) * _mean_square(identical)
    variance = max(squares / num_free if num_free else 0.0, float(np.mean([_own_variance(each) for each in own])))
    quantile = float(stats.t.ppf(0.5 + _CONFIDENCE_LEVEL / 2, num_free)) if num_free else _Z
    half = quantile * math.sqrt(variance / len(own))
    mean = float(logs.mean())
    return math.exp(mean), math.exp(mean - half), math.exp(mean + half)


def _mean_square(pairs: Sequence[Timing]) -> float:
    """Of their log speedups, about 1; 0 without any."""
    return float((np.log([pair.speedup for pair in pairs]) ** 2).mean()) if pairs else 0.0


def _own_variance(timing: Timing) -> float:
    """Of a log speedup, as its own blocks say."""
    if are_few(timing.num_blocks) and not timing.is_by_single_calls:
        return variance_of_median(np.divide(timing.block_ref_runtime_ms, timing.block_runtime_ms).tolist())
    return (math.log(timing.speedup_high / timing.speedup_low) / (2 * _Z)) ** 2
