"""What choosing the best step gives where steps do not differ."""

import pytest

from kbwf.metrics.permutation import NullBand
from kbwf.metrics.statistics import Missing
from kbwf.metrics.trajectory import best_step_band


def test_equal_steps_gain_nothing_and_the_band_begins_there() -> None:
    """Step 0 is among those chosen from, so that no gain is negative; with every rollout a success there is none."""
    band = best_step_band([[4, 4, 4]], 4, 200, 0, 0.95)
    assert band == NullBand(0.0, 0.0, 0.0, 1.0, 200)


def test_the_band_is_that_of_all_deals() -> None:
    """One success, two steps of one rollout: it falls on step 1, a gain of 1, in half of the deals."""
    band = best_step_band([[0, 1]], 1, 4000, 0, 0.5)
    assert isinstance(band, NullBand)
    assert (band.value, band.low, band.high) == (1.0, 0.0, 1.0)
    assert band.p_value == pytest.approx(0.5, abs=0.03)


def test_a_step_that_learned_lies_outside() -> None:
    """Five tasks of 32 rollouts: none succeeds at step 0, all do at step 1."""
    band = best_step_band([[0, 32]] * 5, 32, 500, 0, 0.95)
    assert isinstance(band, NullBand)
    assert band.value == 1.0 and band.is_outside and band.high < 0.3


def test_the_published_gain_is_one_that_choosing_gives() -> None:
    """Seed 42: 37.5 to 42.5 % over five tasks of 32 rollouts; the task that all solve changes nothing."""
    counts = [[3, 9, 15, 8, 7, 8], [1, 5, 2, 1, 1, 3], [32] * 6, [12, 7, 6, 7, 5, 13], [12, 11, 13, 10, 13, 10]]
    band = best_step_band(counts, 32, 1000, 0, 0.95)
    assert isinstance(band, NullBand)
    assert band.value == pytest.approx((68 - 60) / 160)
    assert not band.is_outside


def test_nothing_to_deal_is_said_and_too_many_successes_are_an_error() -> None:
    """A count above the rollouts means that the caller mixed something up."""
    assert best_step_band([], 4, 100, 0, 0.95) == Missing("no task was adapted")
    with pytest.raises(ValueError, match="at most 4"):
        best_step_band([[5, 0]], 4, 100, 0, 0.95)
