"""Bootstrap intervals."""

import numpy as np
import pytest
from scipy import stats

from kbwf.metrics.statistics import (
    Interval,
    bootstrap_mean,
    bootstrap_median,
    percentile_interval,
    resample,
    std_over_seeds,
)


def test_the_estimate_is_the_mean_of_task_means() -> None:
    """A task with three seeds weighs as much as one with one: (0.5 + 1.0 + 0.0) / 3 for means 1/2, 1 and 0."""
    interval = bootstrap_mean([[0.0, 1.0], [1.0], [0.0, 0.0, 0.0]], 500, seed=0, confidence_level=0.95)
    assert interval is not None
    assert interval.value == pytest.approx(0.5)
    assert 0 <= interval.low < 0.5 < interval.high <= 1


def test_equal_values_give_an_interval_without_width() -> None:
    """If nothing varies, every resample agrees."""
    assert bootstrap_mean([[0.25, 0.25], [0.25, 0.25]], 100, 0, 0.95) == Interval(0.25, 0.25, 0.25)


def test_the_interval_over_tasks_has_the_textbook_width() -> None:
    """100 tasks, half of them solved in every seed: the 95 % interval is about ±1.96 · 0.5 / 10."""
    interval = bootstrap_mean([[1.0, 1.0]] * 50 + [[0.0, 0.0]] * 50, 4000, 1, 0.95)
    assert interval is not None
    assert interval.low == pytest.approx(0.5 - 0.098, abs=0.015)
    assert interval.high == pytest.approx(0.5 + 0.098, abs=0.015)


def test_seeds_add_to_the_spread() -> None:
    """One task whose two seeds disagree: a resample is (0,0), (0,1), (1,0) or (1,1), so the interval is [0, 1]."""
    assert bootstrap_mean([[0.0, 1.0]], 500, 0, 0.95) == Interval(0.5, 0.0, 1.0)


def test_seeds_are_drawn_anew_for_each_draw_of_a_task() -> None:
    """Two tasks with a disagreeing pair of seeds each: means in quarters occur, as a shared draw could not give."""
    interval = bootstrap_mean([[0.0, 1.0]] * 2, 4000, 0, confidence_level=0.8)
    assert interval is not None
    assert (interval.low, interval.high) == (0.25, 0.75)


def test_the_same_seed_gives_the_same_interval_and_another_does_not() -> None:
    """The bootstrap is a function of its arguments."""
    values = np.random.default_rng(0).random((7, 3)).tolist()
    assert bootstrap_mean(values, 200, 5, 0.95) == bootstrap_mean(values, 200, 5, 0.95)
    assert bootstrap_mean(values, 200, 5, 0.95) != bootstrap_mean(values, 200, 6, 0.95)


def test_a_higher_level_gives_a_wider_interval() -> None:
    """The 99 % interval holds the 50 % interval."""
    values = np.random.default_rng(0).random((9, 3)).tolist()
    narrow, wide = (bootstrap_mean(values, 1000, 0, level) for level in (0.5, 0.99))
    assert narrow is not None and wide is not None
    assert wide.low < narrow.low < narrow.high < wide.high


def test_nothing_to_resample_gives_no_interval() -> None:
    """Without tasks there is no estimate; a task without values is refused."""
    assert bootstrap_mean([], 100, 0, 0.95) is None
    assert bootstrap_median([], 100, 0, 0.95) is None
    with pytest.raises(ValueError, match="group 1 of 2 has no values"):
        bootstrap_mean([[1.0], []], 100, 0, 0.95)


def test_the_pooled_median_is_the_median_of_sample_medians() -> None:
    """Samples with medians 1, 2 and 9 pool to 2, whatever their number of blocks."""
    interval = bootstrap_median([[1.0], [2.0, 1.9, 2.1], [9.0, 9.0]], 500, 0, 0.95)
    assert interval is not None
    assert interval.value == 2.0
    assert interval.low <= 2.0 <= interval.high


def test_the_pooled_interval_is_clustered_by_sample() -> None:
    """Blocks agree inside each of four samples, samples differ: 1000 blocks a sample make the interval no narrower."""
    samples = [0.97, 0.99, 1.01, 1.03]
    few = bootstrap_median([[value] * 2 for value in samples], 1000, 0, 0.95)
    many = bootstrap_median([[value] * 200 for value in samples], 1000, 0, 0.95)
    assert few is not None and many is not None
    assert many.high - many.low == pytest.approx(few.high - few.low, abs=0.011)
    assert many.covers(1.0)


def test_an_interval_covers_its_bounds() -> None:
    """Coverage includes both ends."""
    interval = Interval(1.1, 1.0, 1.2)
    assert interval.covers(1.0) and interval.covers(1.2)
    assert not interval.covers(0.999) and not interval.covers(1.201)


def test_spread_over_seeds_is_that_of_the_means() -> None:
    """Two tasks, two seeds with means 0.5 and 1.0: sample standard deviation 0.25 · √2."""
    assert std_over_seeds([[0.0, 1.0], [1.0, 1.0]]) == pytest.approx(0.25 * 2**0.5)
    assert std_over_seeds([[0.0], [1.0]]) is None
    assert std_over_seeds([]) is None


def test_a_resample_takes_whole_groups_and_members_of_each() -> None:
    """Groups of 2 and 3 members, laid end to end at 0, 1 and 2, 3, 4; -1 fills up the smaller."""
    drawn_R_P_S = resample([2, 3], 500, seed=0)
    assert drawn_R_P_S.shape == (500, 2, 3)
    groups = drawn_R_P_S.reshape(-1, 3)
    small = (groups < 2).all(axis=1)
    assert set(groups[small][:, :2].flat) == {0, 1}
    assert set(groups[small][:, 2]) == {-1}
    assert set(groups[~small].flat) == {2, 3, 4}
    assert small.mean() == pytest.approx(0.5, abs=0.05)


def test_groups_of_one_size_need_no_padding() -> None:
    """Every position is a member, and every member is drawn."""
    assert set(resample([2, 2, 2], 500, seed=0).flat) == set(range(6))


def test_nothing_cannot_be_resampled() -> None:
    """No group, or an empty one."""
    with pytest.raises(ValueError, match="the list of groups has no values"):
        resample([], 10, 0)
    with pytest.raises(ValueError, match="group 1 of 3 has no values"):
        resample([2, 0, 1], 10, 0)


def test_one_group_is_the_ordinary_bootstrap() -> None:
    """The median of three draws from 1, 2, 3 is 1, 2 or 3 with probability 7, 13 and 7 in 27: 7/27 lies between the
    tails of 0.2 and 0.3."""
    assert bootstrap_median([[1.0, 2.0, 3.0]], 4000, 0, confidence_level=0.6) == Interval(2.0, 1.0, 3.0)
    assert bootstrap_median([[1.0, 2.0, 3.0]], 4000, 0, confidence_level=0.4) == Interval(2.0, 2.0, 2.0)


def test_one_group_agrees_with_scipy() -> None:
    """The mean of 50 values: bounds within a twentieth of the width of those that scipy resamples."""
    values = np.random.default_rng(0).exponential(size=50)
    ours = bootstrap_mean([values.tolist()], 9999, 0, 0.95)
    theirs = stats.bootstrap((values,), np.mean, n_resamples=9999, method="percentile", rng=1).confidence_interval
    assert ours is not None
    tolerance = (theirs.high - theirs.low) / 20
    assert (ours.low, ours.high) == (
        pytest.approx(theirs.low, abs=tolerance),
        pytest.approx(theirs.high, abs=tolerance),
    )


def test_nan_is_no_value() -> None:
    """It would pass for padding, and vanish."""
    for bootstrap in (bootstrap_mean, bootstrap_median):
        with pytest.raises(ValueError, match="NaN among the values"):
            bootstrap([[1.0, float("nan")]], 100, 0, 0.95)


def test_an_interval_is_widened_to_hold_its_estimate() -> None:
    """Percentiles 1 and 3 with an estimate of 4, or of 0."""
    estimates_R = np.array([1.0, 1.0, 2.0, 3.0, 3.0])
    assert percentile_interval(2.0, estimates_R, 0.8) == Interval(2.0, 1.0, 3.0)
    assert percentile_interval(4.0, estimates_R, 0.8) == Interval(4.0, 1.0, 4.0)
    assert percentile_interval(0.0, estimates_R, 0.8) == Interval(0.0, 0.0, 3.0)
