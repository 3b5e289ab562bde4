"""From timed requests to a speedup with an interval. Pure arithmetic.

Reference and candidate are timed in turn, in either order, so that drift of clocks, heat and neighbours meets both.
Each block gives one ratio; the speedup is the ratios' median, its interval a percentile bootstrap over blocks
(Efron & Tibshirani, An Introduction to the Bootstrap, 1993, chapter 13). That of a few blocks goes from the least
to the greatest ratio at most, which of three misses the truth one time in four: theirs is Student's.
"""

import math
from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
from scipy import stats

from kbwf.metrics.statistics import bootstrap_median
from kbwf.records import Timing

_NUM_RESAMPLES = 2000
_CONFIDENCE_LEVEL = 0.95
_MAX_HALF = math.log(1e6)
"""Of an interval, as a logarithm: a factor of a million says that nothing is known."""
FEW_BLOCKS = 10
"""From so many on the bootstrap holds what it says, within two or three in a hundred."""


@dataclass(frozen=True)
class Plan:
    """How much is timed: at least so many blocks and calls of either program; adaptive goes on until `max_blocks`."""

    num_correct_trials: int
    num_timed_calls: int
    num_blocks: int
    max_blocks: int


PLANS = {
    "fast": Plan(num_correct_trials=1, num_timed_calls=6, num_blocks=3, max_blocks=3),
    "full": Plan(num_correct_trials=5, num_timed_calls=50, num_blocks=10, max_blocks=10),
    "adaptive": Plan(num_correct_trials=5, num_timed_calls=50, num_blocks=10, max_blocks=100),
}
"""Correctness trials and timed calls of fast (1, 5; 6 for the pairs' sake) and full (5, 50) are the published meaning,
and the least: where a call is short, a request holds several (`calls_of`)."""

NUM_SINGLE_BLOCKS = 10
"""Of requests of one call, that hold the gain of requests of several to account."""
MIN_REQUEST_MS = {"fast": 0.5, "full": 2.0, "adaptive": 2.0}
"""A request shall take so long that what it costs besides the calls, some 0.05 ms, weighs little."""


def calls_of(min_request_ms: float, call_ms: float, num_slots: int) -> int:
    """Calls in a request: one, several where they are short, and no more than there are slots."""
    wanted = max(1, int(np.ceil(min_request_ms / max(call_ms, 1e-4))))
    return min(wanted, num_slots)


@dataclass(frozen=True)
class Block:
    """Milliseconds of requests of so many calls each: the first pair with the reference before, the second after."""

    ref_ms: tuple[float, float]
    own_ms: tuple[float, float]
    num_calls: int


def summarize(blocks: list[Block], overhead_ms: float) -> Timing | None:
    """Runtimes, speedup and interval of a list of blocks.

    A block's ratio is the geometric mean of its two pairs' ratios: what it costs to come second, or to have slept
    longer, is in one of them for the reference and in the other for the candidate.

    Args:
        overhead_ms: what a request of the reference costs without any call; the least that was seen, so that a busy
            machine does not make it longer than what it is taken from.

    Returns:
        None if a request took no longer than an empty one: there is nothing to divide by.
    """
    num_calls_B = np.array([block.num_calls for block in blocks])
    ref_B_2, own_B_2 = (
        (np.array(pairs) - overhead_ms) / num_calls_B[:, None]
        for pairs in ([block.ref_ms for block in blocks], [block.own_ms for block in blocks])
    )
    if (ref_B_2 <= 0).any() or (own_B_2 <= 0).any():
        return None
    ref_B, own_B = np.sqrt(ref_B_2.prod(axis=1)), np.sqrt(own_B_2.prod(axis=1))
    speedup, low, high = _interval((ref_B / own_B).tolist())
    return Timing(
        ref_runtime_ms=float(np.median(ref_B)),
        runtime_ms=float(np.median(own_B)),
        speedup=speedup,
        speedup_low=low,
        speedup_high=high,
        confidence_level=_CONFIDENCE_LEVEL,
        num_blocks=len(blocks),
        num_perf_trials=2 * int(num_calls_B.sum()),
        block_ref_runtime_ms=tuple(float(value) for value in ref_B),
        block_runtime_ms=tuple(float(value) for value in own_B),
    )


def _interval(ratios_B: list[float]) -> tuple[float, float, float]:
    """The ratios' median with its interval."""
    if are_few(len(ratios_B)):
        speedup = float(np.median(ratios_B))
        quantile = float(stats.t.ppf(0.5 + _CONFIDENCE_LEVEL / 2, len(ratios_B) - 1))
        half = min(quantile * math.sqrt(variance_of_median(ratios_B)), _MAX_HALF)
        return speedup, speedup * math.exp(-half), speedup * math.exp(half)
    interval = bootstrap_median([ratios_B], _NUM_RESAMPLES, 0, _CONFIDENCE_LEVEL)
    assert interval is not None, "there is a block"
    return interval.value, interval.low, interval.high


def are_few(num_blocks: int) -> bool:
    """Whether the interval of so many blocks is Student's; a single one has none of its own."""
    return 1 < num_blocks < FEW_BLOCKS


def variance_of_median(ratios_B: Sequence[float]) -> float:
    """Of the logarithm of a median of few ratios, at least two: that of their mean times pi / 2.

    So it is of many normal ones (Cramér, Mathematical Methods of Statistics, 1946, 28.5); of three the factor is 1.35,
    so that this is a little too much.
    """
    return math.pi / 2 * float(np.var(np.log(ratios_B), ddof=1)) / len(ratios_B)


def bounded_by_single_calls(timing: Timing, singles: list[Block]) -> Timing:
    """The timing, unless single calls do not save what it promises; then what they save.

    A kernel that sees the inputs of several calls at once may work on them together, which helps nobody who makes one
    call. What a call saves is the difference of two requests of one call, from which all that a request costs besides
    is gone. Single calls are less exact, so that they count only where their whole interval promises less.

    Args:
        singles: blocks of requests of one call each.
    """
    saved_ms_B = [sum(np.subtract(block.ref_ms, block.own_ms)) / len(block.ref_ms) for block in singles]
    saved_ms = bootstrap_median([saved_ms_B], _NUM_RESAMPLES, 0, _CONFIDENCE_LEVEL)
    assert saved_ms is not None, "there is a block"
    timing = timing.model_copy(update={"num_perf_trials": timing.num_perf_trials + 2 * len(singles)})
    ref_ms = timing.ref_runtime_ms
    if saved_ms.high >= ref_ms - ref_ms / timing.speedup_low:
        return timing
    return timing.model_copy(
        update={
            "runtime_ms": ref_ms - saved_ms.value,
            "speedup": ref_ms / (ref_ms - saved_ms.value),
            "speedup_low": ref_ms / (ref_ms - saved_ms.low),
            "speedup_high": ref_ms / (ref_ms - saved_ms.high),
            "is_by_single_calls": True,
        }
    )


def is_narrow(blocks: list[Block], overhead_ms: float, target_interval_frac: float) -> bool:
    """Whether the interval is narrower than this fraction of the speedup."""
    timing = summarize(blocks, overhead_ms)
    return timing is not None and timing.speedup_high - timing.speedup_low < target_interval_frac * timing.speedup


def with_blocks_for(plan: Plan, num_calls: int) -> Plan:
    """The plan with more blocks where its own, of two requests of so many calls, would time too few calls.

    Where requests hold several, those of one call that follow count as well.
    """
    num_left = plan.num_timed_calls - (2 * NUM_SINGLE_BLOCKS if num_calls > 1 else 0)
    num_blocks = max(plan.num_blocks, -(-num_left // (2 * num_calls)))
    return replace(plan, num_blocks=num_blocks, max_blocks=plan.max_blocks * num_blocks // plan.num_blocks)


def wants_another_block(
    blocks: list[Block],
    plan: Plan,
    overhead_ms: float,
    target_interval_frac: float,
    budget_s: float,
    spent_s: float,
) -> bool:
    """The plan's blocks always; beyond them until the interval is narrow, the budget spent or the most are timed."""
    if len(blocks) < plan.num_blocks:
        return True
    if len(blocks) >= plan.max_blocks or spent_s > budget_s:
        return False
    return not is_narrow(blocks, overhead_ms, target_interval_frac)
