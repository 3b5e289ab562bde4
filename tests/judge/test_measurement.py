"""Blocks of timed calls: medians, intervals and the audit, against figures worked out by hand."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from kbwf.judge.measurement import PLANS, Block, audit, is_narrow, summarize, wants_another_block
from kbwf.metrics.statistics import Interval, bootstrap_median


def block(ref_ms: float, own_ms: float, *, ref_wall_ms: float = 0.0, wall_ms: float = 0.0, num_calls: int = 1) -> Block:
    """A block whose calls all take the same."""
    return Block((ref_ms,) * num_calls, (own_ms,) * num_calls, ref_wall_ms, wall_ms)


def test_fast_and_full_are_the_published_numbers_of_trials_and_calls() -> None:
    """fast: 1 trial and 5 timed calls; full: 5 and 50."""
    for mode, num_trials, num_timed in (("fast", 1, 5), ("full", 5, 50)):
        plan = PLANS[mode]
        assert plan.num_correct_trials == num_trials
        assert plan.num_blocks * plan.num_calls == num_timed
        assert plan.max_blocks == plan.num_blocks


def test_runtimes_are_medians_of_medians_and_the_speedup_is_the_median_of_ratios() -> None:
    """Block medians 4, 6, 9 and 2, 2, 3: runtimes 6 and 2; ratios 2, 3, 3, so 3, not 6 / 2 of other blocks."""
    blocks = [
        Block((4.0, 1.0, 90.0), (2.0, 2.0, 50.0), 0, 0),
        Block((6.0, 6.0, 6.0), (2.0, 1.0, 3.0), 0, 0),
        Block((9.0, 8.0, 10.0), (3.0, 3.0, 3.0), 0, 0),
    ]
    timing = summarize(blocks)
    assert (timing.ref_runtime_ms, timing.runtime_ms, timing.speedup) == (6.0, 2.0, 3.0)
    assert timing.block_ref_runtime_ms == (4.0, 6.0, 9.0)
    assert timing.block_runtime_ms == (2.0, 2.0, 3.0)
    assert (timing.num_blocks, timing.num_perf_trials) == (3, 9)
    assert (timing.speedup_low, timing.speedup_high) == (2.0, 3.0)


def test_the_speedup_is_not_the_ratio_of_the_runtimes() -> None:
    """Ratios 1, 4, 1 have the median 1, although the medians 2 and 1 divide to 2."""
    timing = summarize([block(2, 2), block(4, 1), block(1, 1)])
    assert (timing.ref_runtime_ms, timing.runtime_ms, timing.speedup) == (2.0, 1.0, 1.0)


def test_equal_blocks_give_an_interval_without_width() -> None:
    """Whatever is drawn from ten equal ratios, the median is that ratio."""
    timing = summarize([block(3, 2)] * 10)
    assert timing.speedup_low == timing.speedup == timing.speedup_high == 1.5


def test_one_wild_block_of_ten_moves_neither_speedup_nor_interval() -> None:
    """The median of a resample is wild only if the one block is at least half of it, which 95 % never are."""
    timing = summarize([block(2, 1)] * 9 + [block(2000, 1)])
    assert (timing.speedup_low, timing.speedup, timing.speedup_high) == (2.0, 2.0, 2.0)


@given(st.lists(st.tuples(st.floats(1e-3, 1e3), st.floats(1e-3, 1e3)), min_size=1, max_size=12))
def test_the_interval_contains_the_point_and_stays_within_the_blocks(pairs: list[tuple[float, float]]) -> None:
    """Low ≤ speedup ≤ high, none beyond the smallest and largest ratio; the same blocks, the same interval."""
    blocks = [block(ref_ms, own_ms) for ref_ms, own_ms in pairs]
    timing, ratios = summarize(blocks), [ref_ms / own_ms for ref_ms, own_ms in pairs]
    assert timing.speedup_low <= timing.speedup <= timing.speedup_high
    slack = 1 + 1e-9
    assert min(ratios) / slack <= timing.speedup_low and timing.speedup_high <= max(ratios) * slack
    assert summarize(blocks) == timing


@pytest.mark.parametrize(
    ("num_blocks", "width", "spent_s", "wants"),
    [
        (9, 0.0, 99.0, True),  # the plan's ten are always timed
        (10, 0.0, 0.0, False),  # narrow already
        (10, 1.0, 0.1, True),
        (10, 1.0, 0.3, True),
        (10, 1.0, 0.31, False),  # the budget is spent
        (199, 1.0, 0.1, True),
        (200, 1.0, 0.1, False),  # the most there may be
    ],
)
def test_adaptive_stops_when_the_interval_is_narrow_or_the_budget_spent(
    num_blocks: int, width: float, spent_s: float, wants: bool
) -> None:
    """Ratios 1 and 1 + width in turn, a target of 2 % and a budget of 0.3 s."""
    blocks = [block(1 + width * (number % 2), 1) for number in range(num_blocks)]
    assert wants_another_block(blocks, PLANS["adaptive"], 0.02, 0.3, spent_s) == wants


@pytest.mark.parametrize("mode", ["fast", "full"])
def test_fast_and_full_time_their_blocks_and_no_more(mode: str) -> None:
    """However wide the interval."""
    plan = PLANS[mode]
    blocks = [block(1 + number % 2, 1) for number in range(plan.num_blocks)]
    assert wants_another_block(blocks[:-1], plan, 0.02, 9.0, 0.0)
    assert not wants_another_block(blocks, plan, 0.02, 9.0, 0.0)


def test_the_interval_is_the_report_s_bootstrap_over_the_blocks() -> None:
    """One bootstrap for judge and report: 2000 resamples of the ratios, 95 % of them."""
    timing = summarize([block(ref_ms, 1) for ref_ms in (1.0, 1.2, 0.9, 1.1, 1.5, 0.8)])
    interval = bootstrap_median([[1.0, 1.2, 0.9, 1.1, 1.5, 0.8]], 2000, seed=0, confidence_level=0.95)
    assert interval == Interval(timing.speedup, timing.speedup_low, timing.speedup_high)


def test_an_interval_is_narrow_against_the_speedup() -> None:
    """Ratios of 1.0 and 1.1 in equal parts: 0.1 wide, too wide for 2 % and narrow for 20 %."""
    blocks = [block(1.0, 1), block(1.1, 1)] * 5
    assert not is_narrow(blocks, 0.02)
    assert is_narrow(blocks, 0.2)


def test_the_audit_believes_what_the_judge_s_clock_allows() -> None:
    """5 calls of 1 ms in 7 ms of wall time, like the reference with its overhead of 2 ms."""
    assert audit([block(2, 1, ref_wall_ms=12, wall_ms=7, num_calls=5)] * 10) == ""


@pytest.mark.parametrize(
    ("wall_ms", "is_believed"),
    [(4.9, True), (5.1, False)],
    ids=["1.9 ms unexplained", "2.1 ms unexplained"],
)
def test_the_audit_forgives_up_to_two_milliseconds_a_block(wall_ms: float, is_believed: bool) -> None:
    """Overhead 2 ms and claims of 1 ms: what is left over is scheduling, up to the slack."""
    assert (audit([block(1, 1, ref_wall_ms=3, wall_ms=wall_ms)] * 5) == "") == is_believed


def test_the_audit_forgives_up_to_half_of_a_long_block() -> None:
    """100 ms on the judge's clock: 51 ms claimed are believed, 49 ms are not."""
    assert audit([block(100, 51, ref_wall_ms=100, wall_ms=100)] * 5) == ""
    assert audit([block(100, 49, ref_wall_ms=100, wall_ms=100)] * 5) == (
        "timed calls claim 49.000 ms a block, the judge's clock says 100.000 ms"
    )


def test_one_slow_block_is_no_reason_for_doubt() -> None:
    """Medians: a neighbour that took the machine for one block of five accuses nobody."""
    calm, disturbed = block(1, 1, ref_wall_ms=2, wall_ms=2), block(1, 1, ref_wall_ms=2, wall_ms=500)
    assert audit([calm, calm, disturbed, calm, calm]) == ""
