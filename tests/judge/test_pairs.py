"""The error between pairs of processes, on hand-made measurements."""

import math

import pytest
from scipy import stats

from kbwf.judge.pairs import combined, pair_std, widened
from kbwf.records import Timing
from tests.builders import make_timing


def exact(*speedups: float) -> list[Timing]:
    """Measurements whose own intervals have no width."""
    return [make_timing(speedup) for speedup in speedups]


def test_the_error_between_pairs_is_taken_about_1() -> None:
    """All of them 0.98: they agree with each other, and are wrong by 2 %."""
    assert pair_std(exact(0.98, 0.98, 0.98)) == pytest.approx(-math.log(0.98))
    assert pair_std(exact(1.0, 1.0)) == 0.0
    assert pair_std([]) is None


def test_what_the_pairs_own_intervals_hold_is_not_counted_twice() -> None:
    """Of a mean square of 0.02^2 their own intervals explain 0.01^2; wider ones explain all of it."""
    half = 0.01 * stats.norm.ppf(0.975)
    pairs = [make_timing(math.exp(x), math.exp(x - half), math.exp(x + half)) for x in (0.02, -0.02)]
    assert pair_std(pairs) == pytest.approx(math.sqrt(0.02**2 - 0.01**2))
    half = 0.05 * stats.norm.ppf(0.975)
    pairs = [make_timing(math.exp(x), math.exp(x - half), math.exp(x + half)) for x in (0.02, -0.02)]
    assert pair_std(pairs) == 0.0


def test_what_a_few_blocks_explain_is_asked_of_the_blocks() -> None:
    """Their intervals are Student's, and wider than what they stand for."""
    blocks = (math.exp(-0.01), math.exp(0.01), 1.0)
    inside = math.pi / 2 * 0.01**2 / 3
    pairs = [make_timing(math.exp(x), 0.1, 10.0, tuple(math.exp(x) * each for each in blocks)) for x in (0.02, -0.02)]
    assert pair_std(pairs) == pytest.approx(math.sqrt(0.02**2 - inside))


def test_an_interval_holds_the_error_between_pairs() -> None:
    """Distances as logarithms, in squares; the speedup stays what it is."""
    pairs = exact(1.02, 1 / 1.02, 1.02, 1 / 1.02)
    between = stats.t.ppf(0.975, 4) * math.log(1.02)
    found = widened(make_timing(2.0, low=1.9, high=2.05), pairs)
    assert found.speedup == 2.0
    assert math.log(2.0 / found.speedup_low) == pytest.approx(math.hypot(math.log(2.0 / 1.9), between))
    assert math.log(found.speedup_high / 2.0) == pytest.approx(math.hypot(math.log(2.05 / 2.0), between))
    assert (found.pair_std, found.num_pairs) == (pytest.approx(math.log(1.02)), 4)
    assert found.comparison == "faster"


def test_no_interval_is_narrower_than_what_the_reference_itself_has_shown() -> None:
    """The pairs' own intervals explain their distance from 1; it is there all the same."""
    half = 0.05 * stats.norm.ppf(0.975)
    pairs = [make_timing(math.exp(x), math.exp(x - half), math.exp(x + half)) for x in (0.02, -0.02)]
    least = stats.t.ppf(0.975, 2) * 0.02
    found = widened(make_timing(2.0, low=1.99, high=3.0), pairs)
    assert found.pair_std == 0.0
    assert math.log(2.0 / found.speedup_low) == pytest.approx(least)
    assert found.speedup_high == pytest.approx(3.0)


def test_without_pairs_nothing_is_widened() -> None:
    """And nothing is claimed about the error between them."""
    timing = make_timing(1.05, low=1.04, high=1.06)
    assert widened(timing, []) is timing
    assert timing.pair_std is None


def test_two_percent_between_pairs_make_two_percent_faster_unsure() -> None:
    """What one pair of processes calls faster, confidently, may be where its memory lay."""
    timing = make_timing(1.02, low=1.015, high=1.025)
    assert timing.comparison == "faster"
    assert widened(timing, exact(1.02, 0.98, 1.01)).comparison == "unsure"


def test_several_pairs_are_one_speedup_with_a_pooled_error() -> None:
    """Three pairs of the kernel about their mean (2 degrees), four of the reference about 1 (4 degrees)."""
    own, identical = exact(2.0 * math.exp(0.01), 2.0, 2.0 * math.exp(-0.01)), exact(*[math.exp(0.02)] * 4)
    speedup, low, high = combined(own, identical)
    variance = (2 * 0.01**2 + 4 * 0.02**2) / 6
    half = stats.t.ppf(0.975, 6) * math.sqrt(variance / 3)
    assert speedup == pytest.approx(2.0)
    assert (math.log(speedup / low), math.log(high / speedup)) == (pytest.approx(half), pytest.approx(half))


def test_pairs_that_agree_by_chance_are_no_surer_than_each_of_them() -> None:
    """Their own intervals are the least error that is believed."""
    wide = [make_timing(2.0, low=1.8, high=2.2)] * 3
    speedup, low, high = combined(wide, exact(1.0))
    std = math.log(2.2 / 1.8) / (2 * stats.norm.ppf(0.975))
    assert math.log(high / low) == pytest.approx(2 * stats.t.ppf(0.975, 3) * std / math.sqrt(3))
    assert speedup == pytest.approx(2.0)


def test_one_pair_alone_has_its_own_interval() -> None:
    """No degree of freedom is left to estimate anything else."""
    speedup, low, high = combined([make_timing(2.0, low=1.9, high=2.0 * 2.0 / 1.9)], [])
    assert (speedup, low, high) == (pytest.approx(2.0), pytest.approx(1.9), pytest.approx(4.0 / 1.9))
