"""The scaling curve and a method's place on it."""

from itertools import combinations, pairwise
from math import log, sqrt
from statistics import fmean

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from kbwf.metrics.scaling import (
    ScalingPoint,
    dealt_scaling,
    equivalent_k,
    expected_best_of_k,
    numbers_of_draws,
    scaling_curve,
)
from kbwf.metrics.statistics import Missing

BOOTSTRAP = {"num_resamples": 200, "seed": 0, "confidence_level": 0.95}
PUBLISHED = [(1, 0.533), (2, 0.724), (4, 0.895), (8, 0.982), (16, 0.999), (32, 1.0), (64, 1.0)]
SPEEDUPS = st.one_of(st.none(), st.sampled_from([0.5, 1.0, 1.5, 2.0, 30.0]))


def curve_of(speedups_P_S_K: list[list[list[float | None]]]) -> list[ScalingPoint]:
    """The curve, which is there."""
    curve = scaling_curve(speedups_P_S_K, 200, 0, 0.95)
    assert isinstance(curve, list)
    return curve


def test_draws_double_up_to_the_number_of_samples() -> None:
    """1, 2, 4 and 6 for six samples; 1, 2, 4, 8 for eight."""
    assert numbers_of_draws(6) == [1, 2, 4, 6]
    assert numbers_of_draws(8) == [1, 2, 4, 8]
    assert numbers_of_draws(1) == [1]
    with pytest.raises(ValueError, match="got 0"):
        numbers_of_draws(0)


def test_the_best_of_two_of_three_is_the_mean_over_the_pairs() -> None:
    """Values 1, 4, 10: pairs have maxima 4, 10, 10, hence 8."""
    assert expected_best_of_k([4.0, 10.0, 1.0], 2) == pytest.approx(8.0)
    assert expected_best_of_k([4.0, 10.0, 1.0], 4) is None
    with pytest.raises(ValueError, match="k >= 1, got 0"):
        expected_best_of_k([1.0], 0)


@given(st.lists(SPEEDUPS, min_size=1, max_size=7))
@settings(derandomize=True, deadline=None)
def test_every_point_is_the_mean_over_all_ways_to_draw(speedups: list[float | None]) -> None:
    """Success and best speedup of one task and seed, against all subsets of k; a failed sample is worth 0."""
    for point in curve_of([[speedups]]):
        draws = [[one or 0.0 for one in draw] for draw in combinations(speedups, point.k)]
        assert point.success.value == pytest.approx(fmean(max(draw) > 1 for draw in draws))
        assert point.best_speedup.value == pytest.approx(fmean(max(draw) for draw in draws))


@given(st.lists(st.lists(st.lists(SPEEDUPS, min_size=4, max_size=6), min_size=1, max_size=2), min_size=1, max_size=3))
@settings(derandomize=True, deadline=None, max_examples=25)
def test_more_draws_are_never_worth_less(speedups_P_S_K: list[list[list[float | None]]]) -> None:
    """Both columns rise with k, and a success is a probability."""
    curve = curve_of(speedups_P_S_K)
    for left, right in pairwise(curve):
        assert left.success.value <= right.success.value + 1e-12
        assert left.best_speedup.value <= right.best_speedup.value + 1e-9
    assert all(0 <= point.success.low <= point.success.high <= 1 for point in curve)


def test_seeds_are_averaged_within_their_task() -> None:
    """Task 1 with successes 1 and 0 under two seeds, task 2 with 1 under one: k = 1 gives (1/2 + 1) / 2."""
    (point,) = curve_of([[[3.0], [None]], [[2.0]]])
    assert point.success.value == pytest.approx(0.75)
    assert point.best_speedup.value == pytest.approx((1.5 + 2) / 2)


def test_the_shortest_cell_limits_the_curve() -> None:
    """Five samples in one task and three in another: k = 1, 2, 3."""
    assert [point.k for point in curve_of([[[2.0] * 5], [[2.0] * 3]])] == [1, 2, 3]


def test_a_speedup_of_exactly_one_is_no_success() -> None:
    """Success is strict, as fast_1 is."""
    assert curve_of([[[1.0]]])[0].success.value == 0


def test_a_curve_of_nothing_says_why() -> None:
    """No tasks, no samples at all, or a task that lacks them under one seed."""
    assert scaling_curve([], **BOOTSTRAP) == Missing("no samples")
    assert scaling_curve([[[]]], **BOOTSTRAP) == Missing("no samples")
    assert scaling_curve([[[2.0], []]], **BOOTSTRAP) == Missing("a task has no samples under one of its seeds")


def test_one_task_with_one_sample_has_a_point() -> None:
    """The smallest study there is."""
    (point,) = curve_of([[[None]]])
    assert (point.k, point.success.value, point.best_speedup.value) == (1, 0, 0)


def test_the_published_adaptation_is_worth_less_than_one_draw() -> None:
    """30.6 % lies below the published 53.3 % of a single draw."""
    place = equivalent_k(0.306, PUBLISHED)
    assert place.is_below
    assert str(place) == "< 1"


def test_halfway_between_one_draw_and_two_is_the_square_root_of_two() -> None:
    """The curve is straight in log k."""
    place = equivalent_k((0.533 + 0.724) / 2, PUBLISHED)
    assert place.k == pytest.approx(sqrt(2))
    assert str(place) == "1.4"


def test_a_point_of_the_curve_is_its_own_k() -> None:
    """The first, one in the middle, and on the flat end the fewest draws that do."""
    assert equivalent_k(0.533, PUBLISHED).k == 1
    assert not equivalent_k(0.533, PUBLISHED).is_below
    assert equivalent_k(0.895, PUBLISHED).k == pytest.approx(4)
    assert equivalent_k(1.0, PUBLISHED).k == pytest.approx(32)


def test_above_the_curve_only_the_side_is_known() -> None:
    """More than the best of all K draws: `> 8`."""
    place = equivalent_k(0.99, PUBLISHED[:4])
    assert place.is_above
    assert str(place) == "> 8"


@given(st.floats(0.533, 1.0))
@settings(derandomize=True, deadline=None)
def test_the_equivalent_number_of_draws_gives_back_the_success(fast_1: float) -> None:
    """Interpolating the curve at k in log k returns what was asked for."""
    place = equivalent_k(fast_1, PUBLISHED)
    log_ks, successes = zip(*((log(k), success) for k, success in PUBLISHED), strict=True)
    assert np.interp(log(place.k), log_ks, successes) == pytest.approx(fast_1)


@pytest.mark.parametrize("curve", [[], [(2, 0.1), (1, 0.2)], [(1, 0.5), (2, 0.4)]])
def test_what_is_no_scaling_curve_is_refused(curve: list[tuple[int, float]]) -> None:
    """Without points, with k that falls, or with success that falls."""
    with pytest.raises(ValueError, match="rising k that does not fall"):
        equivalent_k(0.3, curve)


def test_successes_dealt_anew_keep_their_number() -> None:
    """At k = 1 the mean does not change however they are dealt; at k = 2 two successes are in one task or in both."""
    first, second = dealt_scaling([[[True, True]], [[False, False]]], 500, 0, 0.95)  # type: ignore[misc]
    assert first == (1, 0.5, 0.5)
    assert second == (2, 0.5, 1.0)


def test_tasks_of_different_size_are_dealt_to_by_their_size() -> None:
    """All succeed: every deal gives 1. K is the least number of samples."""
    assert dealt_scaling([[[True]], [[True, True]]], 100, 0, 0.95) == [(1, 1.0, 1.0)]
    assert dealt_scaling([], 100, 0, 0.95) == Missing("no samples")
