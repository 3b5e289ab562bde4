"""Blocks of timed requests: what a call took, speedup and interval, against figures worked out by hand."""

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy import stats

from kbwf.judge.measurement import (
    FEW_BLOCKS,
    NUM_SINGLE_BLOCKS,
    PLANS,
    Block,
    bounded_by_single_calls,
    calls_of,
    is_narrow,
    summarize,
    wants_another_block,
    with_blocks_for,
)
from kbwf.metrics.statistics import Interval, bootstrap_median


def block(ref_ms: float, own_ms: float, num_calls: int = 1) -> Block:
    """A block whose two pairs take the same."""
    return Block((ref_ms, ref_ms), (own_ms, own_ms), num_calls)


def test_fast_and_full_are_the_published_numbers_of_trials_and_at_least_as_many_calls() -> None:
    """fast: 1 trial and 5 timed calls, here 6 in pairs; full: 5 and 50."""
    for mode, num_trials, num_timed in (("fast", 1, 6), ("full", 5, 50)):
        plan = with_blocks_for(PLANS[mode], 1)
        assert plan.num_correct_trials == num_trials
        assert 2 * plan.num_blocks == num_timed
        assert plan.max_blocks == plan.num_blocks


@pytest.mark.parametrize(
    ("call_ms", "num_slots", "expected"),
    [
        (5.0, 128, 1),  # longer than a request shall be
        (2.0, 128, 1),
        (2.0 / 3, 128, 3),
        (0.5, 128, 4),
        (0.3, 128, 7),  # 6.67, rounded up
        (0.3, 5, 5),  # no more than there are slots
        (5.0, 1, 1),
        (1e-9, 128, 128),
        (0.0, 128, 128),  # nothing measurable
    ],
)
def test_a_request_holds_so_many_calls_that_it_takes_long_enough(call_ms: float, num_slots: int, expected: int) -> None:
    """2 ms."""
    assert calls_of(2.0, call_ms, num_slots) == expected


@pytest.mark.parametrize(("num_calls", "num_blocks"), [(3, 10), (7, 10), (2, 10), (1, 25)])
def test_few_calls_in_a_request_are_made_up_by_blocks(num_calls: int, num_blocks: int) -> None:
    """At least as many calls are timed as the plan says: 50, two requests a block, and those of one call."""
    plan = with_blocks_for(PLANS["full"], num_calls)
    assert 2 * num_calls * num_blocks + (2 * NUM_SINGLE_BLOCKS if num_calls > 1 else 0) >= 50
    assert (plan.num_blocks, plan.max_blocks) == (num_blocks, num_blocks)
    assert with_blocks_for(PLANS["adaptive"], num_calls).max_blocks == 10 * num_blocks


def test_a_block_s_time_is_the_geometric_mean_of_its_pairs_without_what_a_request_costs() -> None:
    """(3 - 1) / 2 = 1 and (9 - 1) / 2 = 4, in the mean 2; (5 - 1) / 2 = 2 and (17 - 1) / 2 = 8, in the mean 4."""
    timing = summarize([Block(ref_ms=(3.0, 9.0), own_ms=(5.0, 17.0), num_calls=2)], overhead_ms=1.0)
    assert timing is not None
    assert (timing.ref_runtime_ms, timing.runtime_ms, timing.speedup) == (2.0, 4.0, 0.5)
    assert (timing.num_blocks, timing.num_perf_trials) == (1, 4)


def test_runtimes_and_speedup_are_medians_over_blocks() -> None:
    """Ratios 2, 3, 3: the speedup is 3; the runtimes are 6 and 2, of blocks of their own."""
    timing = summarize([block(4, 2), block(6, 2), block(9, 3)], 0.0)
    assert timing is not None
    assert timing.block_ref_runtime_ms == pytest.approx((4.0, 6.0, 9.0))
    assert timing.block_runtime_ms == pytest.approx((2.0, 2.0, 3.0))
    assert (timing.ref_runtime_ms, timing.runtime_ms, timing.speedup) == pytest.approx((6.0, 2.0, 3.0))
    assert timing.speedup_low < 2.0 and timing.speedup_high > 3.0
    assert (timing.num_blocks, timing.num_perf_trials) == (3, 6)


def test_the_speedup_is_not_the_ratio_of_the_runtimes() -> None:
    """Ratios 1, 4, 1 have the median 1, although the medians 2 and 1 divide to 2."""
    timing = summarize([block(2, 2), block(4, 1), block(1, 1)], 0.0)
    assert timing is not None
    assert (timing.ref_runtime_ms, timing.runtime_ms, timing.speedup) == pytest.approx((2.0, 1.0, 1.0))


@given(st.floats(1, 100), st.floats(0.1, 10), st.floats(1.0, 3.0))
def test_what_it_costs_to_come_second_cancels(ref_ms: float, own_ms: float, factor: float) -> None:
    """Whoever is second takes `factor` times as long: the ratio is that of the undisturbed times."""
    timing = summarize([Block((ref_ms, factor * ref_ms), (factor * own_ms, own_ms), 1)] * 3, 0.0)
    assert timing is not None
    assert timing.speedup == pytest.approx(ref_ms / own_ms)


@pytest.mark.parametrize("own_ms", [1.0, 0.5])
def test_a_request_that_takes_no_longer_than_an_empty_one_says_nothing(own_ms: float) -> None:
    """Not even if it is one of many, and of the kernel or of the reference."""
    fine, bad = block(2, 2), Block((2.0, 2.0), (2.0, own_ms), 1)
    assert summarize([fine, fine, bad], overhead_ms=1.0) is None
    assert summarize([Block(bad.own_ms, bad.ref_ms, 1)], overhead_ms=1.0) is None
    assert summarize([fine, fine, bad], overhead_ms=0.4) is not None


def test_equal_blocks_give_an_interval_without_width() -> None:
    """Whatever is drawn from ten equal ratios, the median is that ratio."""
    timing = summarize([block(3, 2)] * 10, 0.0)
    assert timing is not None
    assert timing.speedup_low == timing.speedup == timing.speedup_high == pytest.approx(1.5)


def test_one_wild_block_of_ten_moves_neither_speedup_nor_interval() -> None:
    """The median of a resample is wild only if the one block is at least half of it, which 95 % never are."""
    timing = summarize([block(2, 1)] * 9 + [block(2000, 1)], 0.0)
    assert timing is not None
    assert (timing.speedup_low, timing.speedup, timing.speedup_high) == pytest.approx((2.0, 2.0, 2.0))


@given(st.lists(st.tuples(st.floats(1e-3, 1e3), st.floats(1e-3, 1e3)), min_size=1, max_size=14))
def test_the_interval_contains_the_point_and_of_many_blocks_stays_within_them(pairs: list[tuple[float, float]]) -> None:
    """Low ≤ speedup ≤ high, none beyond the smallest and largest of ten ratios; the same blocks, the same interval."""
    blocks = [block(ref_ms, own_ms) for ref_ms, own_ms in pairs]
    timing, ratios = summarize(blocks, 0.0), [ref_ms / own_ms for ref_ms, own_ms in pairs]
    assert timing is not None
    assert timing.speedup_low <= timing.speedup <= timing.speedup_high
    slack = 1 + 1e-9
    if len(ratios) >= FEW_BLOCKS:
        assert min(ratios) / slack <= timing.speedup_low and timing.speedup_high <= max(ratios) * slack
    assert summarize(blocks, 0.0) == timing


def test_the_interval_of_a_few_blocks_is_student_s() -> None:
    """Logarithms -0.1, 0, 0.1: a standard deviation of 0.1, the median's variance is pi / 2 times the mean's."""
    timing = summarize([block(math.exp(x), 1) for x in (-0.1, 0.1, 0.0)], 0.0)
    assert timing is not None and timing.speedup == pytest.approx(1.0)
    half = stats.t.ppf(0.975, 2) * math.sqrt(math.pi / 2) * 0.1 / math.sqrt(3)
    assert (-math.log(timing.speedup_low), math.log(timing.speedup_high)) == pytest.approx((half, half))


@pytest.mark.parametrize("num_blocks", [3, 5, 9, 10, 25])
def test_intervals_hold_the_truth_as_often_as_they_say(num_blocks: int) -> None:
    """Of a thousand drawn measurements whose truth is 1, whether they have three blocks (fast) or many."""
    generator = np.random.default_rng(num_blocks)
    timings = [
        summarize([block(ratio, 1) for ratio in np.exp(0.02 * generator.standard_normal(num_blocks))], 0.0)
        for _ in range(1000)
    ]
    num_holding = sum(timing is not None and timing.speedup_low <= 1 <= timing.speedup_high for timing in timings)
    assert 900 <= num_holding <= 990


def test_blocks_that_say_nothing_have_an_interval_that_says_so() -> None:
    """A factor of a million to either side, and no overflow."""
    timing = summarize([block(1e-3, 1e3), block(1, 1), block(1e3, 1e-3)], 0.0)
    assert timing is not None
    assert (timing.speedup_low, timing.speedup_high) == pytest.approx((1e-6, 1e6))


def test_the_interval_is_the_report_s_bootstrap_over_the_blocks() -> None:
    """One bootstrap for judge and report: 2000 resamples of the ratios, 95 % of them."""
    timing = summarize([block(ref_ms, 1) for ref_ms in [1.0, 1.2, 0.9, 1.1, 1.5, 0.8] * 2], 0.0)
    assert timing is not None
    ratios = [
        ref_ms / own_ms for ref_ms, own_ms in zip(timing.block_ref_runtime_ms, timing.block_runtime_ms, strict=True)
    ]
    assert ratios == pytest.approx([1.0, 1.2, 0.9, 1.1, 1.5, 0.8] * 2)
    interval = bootstrap_median([ratios], 2000, seed=0, confidence_level=0.95)
    assert interval == Interval(timing.speedup, timing.speedup_low, timing.speedup_high)


@pytest.mark.parametrize(
    ("num_blocks", "width", "spent_s", "wants"),
    [
        (9, 0.0, 99.0, True),  # the plan's ten are always timed
        (10, 0.0, 0.0, False),  # narrow already
        (10, 1.0, 0.1, True),
        (10, 1.0, 0.3, True),
        (10, 1.0, 0.31, False),  # the budget is spent
        (99, 1.0, 0.1, True),
        (100, 1.0, 0.1, False),  # the most there may be
    ],
)
def test_adaptive_stops_when_the_interval_is_narrow_or_the_budget_spent(
    num_blocks: int, width: float, spent_s: float, wants: bool
) -> None:
    """Ratios 1 and 1 + width in turn, a target of 2 % and a budget of 0.3 s."""
    blocks = [block(1 + width * (number % 2), 1) for number in range(num_blocks)]
    assert wants_another_block(blocks, PLANS["adaptive"], 0.0, 0.02, 0.3, spent_s) == wants


@pytest.mark.parametrize("mode", ["fast", "full"])
def test_fast_and_full_time_their_blocks_and_no_more(mode: str) -> None:
    """However wide the interval."""
    plan = PLANS[mode]
    blocks = [block(1 + number % 2, 1) for number in range(plan.num_blocks)]
    assert wants_another_block(blocks[:-1], plan, 0.0, 0.02, 9.0, 0.0)
    assert not wants_another_block(blocks, plan, 0.0, 0.02, 9.0, 0.0)


def test_an_interval_is_narrow_against_the_speedup() -> None:
    """Ratios of 1.0 and 1.1 in equal parts: 0.1 wide, too wide for 2 % and narrow for 20 %."""
    blocks = [block(1.0, 1), block(1.1, 1)] * 5
    assert not is_narrow(blocks, 0.0, 0.02)
    assert is_narrow(blocks, 0.0, 0.2)
    assert not is_narrow(blocks, 1.0, 0.2)  # nothing is left to divide by


def single(ref_ms: float, own_ms: float) -> Block:
    """Requests of one call, each with half a millisecond beside."""
    return Block((ref_ms + 0.5, ref_ms + 0.5), (own_ms + 0.5, own_ms + 0.5), 1)


def test_single_calls_hold_a_gain_to_account() -> None:
    """2 ms against 1 ms were promised, a second; single calls save 0.4 ms: 2 / 1.6. What they confirm stays."""
    promised = summarize([Block((20.0, 20.0), (10.0, 10.0), 10)] * 5, 0.0)
    assert promised is not None and promised.speedup == 2.0
    confirmed = promised.model_copy(update={"num_perf_trials": 100 + 10})
    assert bounded_by_single_calls(promised, [single(2.0, 1.0)] * 5) == confirmed
    assert bounded_by_single_calls(promised, [single(9.0, 5.0)] * 5) == confirmed
    less = bounded_by_single_calls(promised, [single(2.0, 1.6)] * 5)
    assert (less.speedup, less.runtime_ms, less.is_by_single_calls) == (pytest.approx(1.25), pytest.approx(1.6), True)
    assert less.speedup_low == pytest.approx(1.25) and less.speedup_high == pytest.approx(1.25)


def test_single_calls_that_scatter_refute_nothing() -> None:
    """Of savings of 0.2, 0.4 and 1.2 ms the median's interval reaches 1.2."""
    promised = summarize([Block((20.0, 20.0), (10.0, 10.0), 10)] * 5, 0.0)
    assert promised is not None
    found = bounded_by_single_calls(promised, [single(2.0, own) for own in (1.8, 1.6, 0.8)])
    assert (found.speedup, found.is_by_single_calls, found.num_perf_trials) == (2.0, False, 100 + 6)
