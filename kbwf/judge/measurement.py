"""From blocks of timed calls to a speedup with an interval. Pure arithmetic.

Reference and kernel are timed in alternating blocks, so that drift of clocks, heat and neighbours meets both. Each
block gives one ratio of medians; the speedup is the ratios' median, its interval a percentile bootstrap over blocks.
"""

from dataclasses import dataclass

import numpy as np

from kbwf.metrics.statistics import bootstrap_median
from kbwf.records import Timing

_NUM_RESAMPLES = 2000
_RESAMPLING_SEED = 0
"""The same blocks always give the same interval."""
_CONFIDENCE_LEVEL = 0.95
_MAX_UNDERCLAIM = 0.5
"""A kernel whose claimed times are below this fraction of what the judge's clock leaves it is not believed."""
_AUDIT_SLACK_MS = 2.0
"""Message and scheduling delays of a block that no kernel answers for."""


@dataclass(frozen=True)
class Plan:
    """How many calls are timed: `num_blocks` blocks of `num_calls`; adaptive goes on until `max_blocks`."""

    num_correct_trials: int
    num_blocks: int
    num_calls: int
    max_blocks: int


PLANS = {
    "fast": Plan(num_correct_trials=1, num_blocks=5, num_calls=1, max_blocks=5),
    "full": Plan(num_correct_trials=5, num_blocks=10, num_calls=5, max_blocks=10),
    "adaptive": Plan(num_correct_trials=5, num_blocks=10, num_calls=5, max_blocks=200),
}
"""Correctness trials and timed calls of fast (1, 5) and full (5, 50) are the published meaning."""


@dataclass(frozen=True)
class Block:
    """One block of each program: the calls' times as claimed, and the whole block on the judge's clock."""

    ref_times_ms: tuple[float, ...]
    times_ms: tuple[float, ...]
    ref_wall_ms: float
    wall_ms: float


def summarize(blocks: list[Block]) -> Timing:
    """Runtimes, speedup and interval of a list of blocks."""
    ref_ms = np.array([np.median(block.ref_times_ms) for block in blocks])
    own_ms = np.array([np.median(block.times_ms) for block in blocks])
    ratios = ref_ms / own_ms
    speedup = bootstrap_median([ratios.tolist()], _NUM_RESAMPLES, _RESAMPLING_SEED, _CONFIDENCE_LEVEL)
    assert speedup is not None, "there is one sample: this one"
    return Timing(
        ref_runtime_ms=float(np.median(ref_ms)),
        runtime_ms=float(np.median(own_ms)),
        speedup=speedup.value,
        speedup_low=speedup.low,
        speedup_high=speedup.high,
        confidence_level=_CONFIDENCE_LEVEL,
        num_blocks=len(blocks),
        num_perf_trials=sum(len(block.times_ms) for block in blocks),
        block_ref_runtime_ms=tuple(float(value) for value in ref_ms),
        block_runtime_ms=tuple(float(value) for value in own_ms),
    )


def is_narrow(blocks: list[Block], target_interval_frac: float) -> bool:
    """Whether the interval is narrower than this fraction of the speedup."""
    timing = summarize(blocks)
    return timing.speedup_high - timing.speedup_low < target_interval_frac * timing.speedup


def wants_another_block(
    blocks: list[Block], plan: Plan, target_interval_frac: float, budget_s: float, spent_s: float
) -> bool:
    """The plan's blocks always; beyond them until the interval is narrow, the budget spent or the most are timed."""
    if len(blocks) < plan.num_blocks:
        return True
    return len(blocks) < plan.max_blocks and spent_s <= budget_s and not is_narrow(blocks, target_interval_frac)


def audit(blocks: list[Block]) -> str:
    """Why the claimed times cannot be true, or an empty string.

    What a block takes on the judge's clock beyond the claimed times is overhead (messages, cache flushes, the copy of
    the result), alike for both programs. A kernel that leaves much more unexplained than the reference has hidden work.
    """
    overhead_ms = float(np.median([block.ref_wall_ms - sum(block.ref_times_ms) for block in blocks]))
    claimed_ms = float(np.median([sum(block.times_ms) for block in blocks]))
    spent_ms = float(np.median([block.wall_ms for block in blocks])) - overhead_ms
    if claimed_ms < _MAX_UNDERCLAIM * spent_ms and spent_ms - claimed_ms > _AUDIT_SLACK_MS:
        return f"timed calls claim {claimed_ms:.3f} ms a block, the judge's clock says {spent_ms:.3f} ms"
    return ""
