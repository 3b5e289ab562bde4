"""Surprisal quartiles and the spread of log-probabilities."""

import pytest

from kbwf.metrics.quartiles import Spread, logprob_spread, surprisal_quartiles
from kbwf.metrics.statistics import Missing

# Task 1 has the higher surprisals and the slower kernels, task 2 the reverse.
SURPRISALS = [[8.0, 7.0, 6.0, 5.0], [1.0, 2.0, 3.0, 4.0]]
SPEEDUPS = [[0.5, 0.25, 0.5, 2.0], [4.0, 2.0, 1.0, 8.0]]
TOKENS = [[1, 2, 3, 4], [5, 6, 7, 8]]


def test_pooled_quartiles_mix_tasks() -> None:
    """Eight samples in order of surprisal, two in each quarter, the highest first."""
    quartiles = surprisal_quartiles(SURPRISALS, SPEEDUPS, TOKENS, is_within_task=False)
    assert not isinstance(quartiles, Missing)
    assert [one.num_samples for one in quartiles] == [2, 2, 2, 2]
    assert [one.success for one in quartiles] == [0.0, 0.5, 0.5, 1.0]
    assert [one.speedup_mean for one in quartiles] == [0.375, 1.25, 4.5, 3.0]
    assert quartiles[2].speedup_geomean == pytest.approx(8**0.5)
    assert [one.tokens_mean for one in quartiles] == [1.5, 3.5, 7.5, 5.5]
    assert (quartiles[0].surprisal_high_nats, quartiles[0].surprisal_low_nats) == (8.0, 7.0)


def test_quartiles_within_tasks_hold_every_task() -> None:
    """The first quarter is each task's most surprising sample: speedups 0.5 and 8."""
    quartiles = surprisal_quartiles(SURPRISALS, SPEEDUPS, TOKENS, is_within_task=True)
    assert not isinstance(quartiles, Missing)
    assert [one.speedup_mean for one in quartiles] == [4.25, 0.625, 1.25, 3.0]
    assert [one.success for one in quartiles] == [0.5, 0.0, 0.5, 1.0]


def test_a_remainder_goes_to_the_first_quarters() -> None:
    """Six samples: 2, 2, 1, 1; equal surprisals stay in the order of the samples."""
    quartiles = surprisal_quartiles([[1.0] * 6], [[6.0, 5.0, 4.0, 3.0, 2.0, 1.0]], [[1] * 6], is_within_task=False)
    assert not isinstance(quartiles, Missing)
    assert [one.num_samples for one in quartiles] == [2, 2, 1, 1]
    assert [one.speedup_mean for one in quartiles] == [5.5, 3.5, 2.0, 1.0]


def test_too_few_samples_have_no_quartiles() -> None:
    """No log-probabilities, no correct sample, three samples, or three in each task."""
    assert surprisal_quartiles(None, [[1.0]], [[1]], is_within_task=False) == Missing("no log-probabilities")
    few = Missing("fewer than four correct samples")
    for column in ([], [[]], [[1.0, 2.0, 3.0]]):
        assert surprisal_quartiles(column, column, column, is_within_task=False) == few  # type: ignore[arg-type]
    three = [[1.0, 2.0, 3.0]] * 2
    within = surprisal_quartiles(three, three, [[1, 1, 1]] * 2, is_within_task=True)
    assert within == Missing("fewer than four correct samples in every task")
    assert not isinstance(surprisal_quartiles(three, three, [[1, 1, 1]] * 2, is_within_task=False), Missing)


def test_spread_is_the_sample_standard_deviation_against_the_threshold() -> None:
    """Surprisals 1, 2, 3 spread by exactly 1.0, which is not more than the threshold; 1, 3 spread by √2."""
    assert logprob_spread([1.0, 2.0, 3.0]) == Spread(1.0, is_high=False)
    assert logprob_spread([1.0, 3.0]) == Spread(pytest.approx(2**0.5), is_high=True)
    assert logprob_spread([5.0, 5.0]) == Spread(0.0, is_high=False)


def test_spread_needs_two_samples() -> None:
    """One or none is missing, and so are log-probabilities that were not recorded; NaN is refused."""
    assert logprob_spread([1.0]) == Missing("fewer than two samples")
    assert logprob_spread(None) == Missing("no log-probabilities")
    with pytest.raises(ValueError, match="not finite"):
        logprob_spread([1.0, float("nan")])
