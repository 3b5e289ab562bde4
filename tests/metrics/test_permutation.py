"""Null bands: what selection by surprisal gives when surprisal means nothing."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from kbwf.metrics.permutation import (
    NullBand,
    best_of_most_surprising,
    decks_of,
    most_confident,
    most_surprising,
    null_band,
    surprising_minus_confident,
)
from kbwf.metrics.statistics import Missing

SURPRISALS = np.array([2.0, 3.0, 1.0, 3.0, 1.0])
OUTCOMES = np.array([[0.0, 10.0, 20.0, 30.0, 40.0]])


def band_of(*arguments: object, num_permutations: int = 4000, confidence_level: float = 0.95) -> NullBand:
    """The band, which is there."""
    band = null_band(*arguments, num_permutations, 0, confidence_level)  # type: ignore[arg-type]
    assert isinstance(band, NullBand)
    return band


def test_statistics_choose_as_the_strategies_do() -> None:
    """Highest and lowest surprisal, ties to the first sample; the best among the m highest."""
    assert most_surprising(SURPRISALS, OUTCOMES).tolist() == [10]
    assert most_confident(SURPRISALS, OUTCOMES).tolist() == [20]
    assert surprising_minus_confident(SURPRISALS, OUTCOMES).tolist() == [-10]
    assert best_of_most_surprising(2)(SURPRISALS, OUTCOMES).tolist() == [30]
    assert best_of_most_surprising(9)(SURPRISALS, OUTCOMES).tolist() == [40]


def test_the_p_value_of_the_best_of_four_is_a_quarter() -> None:
    """One task whose most surprising of four samples is the fastest: a random sample is it in one deal of four."""
    band = band_of([[[4.0, 3.0, 2.0, 1.0]]], [[[9.0, 1.0, 1.0, 1.0]]], None, most_surprising)
    assert band.value == 9
    assert band.p_value == pytest.approx(0.25, abs=0.02)
    assert (band.low, band.high) == (1, 9)
    assert not band.is_outside


def test_ten_such_tasks_are_beyond_chance() -> None:
    """The mean of ten random samples of 1, 1, 1, 9 lies at 3 ± 1.1, far from 9."""
    band = band_of([[[4.0, 3.0, 2.0, 1.0]]] * 10, [[[9.0, 1.0, 1.0, 1.0]]] * 10, None, most_surprising)
    assert band.is_outside
    assert band.p_value == 1 / 4001
    assert (band.low, band.high) == pytest.approx((3 - 2 * 1.1, 3 + 2 * 1.1), abs=0.5)


def test_the_band_of_the_top_m_is_the_band_of_the_best_of_m() -> None:
    """Half of four samples succeed: the best of two random ones succeeds with probability 5/6, not 1/2."""
    arguments = ([[[4.0, 3.0, 2.0, 1.0]]] * 200, [[[1.0, 0.0, 0.0, 1.0]]] * 200, None)
    band = band_of(*arguments, best_of_most_surprising(2), num_permutations=200)
    assert band.low < 5 / 6 < band.high
    assert band.low > 0.7


def test_samples_that_are_all_alike_leave_nothing_to_chance() -> None:
    """Every sample succeeds: the band has no width, the value is on it, and p is 1."""
    band = band_of([[[1.0, 2.0, 3.0]]], [[[1.0, 1.0, 1.0]]], None, most_surprising)
    assert (band.value, band.low, band.high, band.p_value, band.is_outside) == (1, 1, 1, 1.0, False)


def test_equal_surprisals_make_both_strategies_choose_the_same() -> None:
    """As for the identity control: the difference is 0 in every permutation too."""
    band = band_of([[[0.0, 0.0, 0.0]]], [[[1.0, 2.0, 3.0]]], None, surprising_minus_confident)
    assert (band.value, band.low, band.high, band.p_value) == (0, 0, 0, 1.0)


def test_outcomes_stay_within_their_task_and_seed() -> None:
    """Two tasks, two seeds, each with equal outcomes of its own: nothing can change."""
    surprisals = [[[1.0, 2.0], [2.0, 1.0]], [[1.0, 2.0], [2.0, 1.0]]]
    outcomes = [[[1.0, 1.0], [2.0, 2.0]], [[3.0, 3.0], [8.0, 8.0]]]
    band = band_of(surprisals, outcomes, None, most_surprising)
    assert (band.value, band.low, band.high) == (3.5, 3.5, 3.5)


def test_copies_of_a_kernel_keep_one_outcome() -> None:
    """Seven samples are copies of a slow kernel, one is a fast one: two measurements, hence p = 1/2 and not 1/8."""
    surprisals, outcomes = [[[8.0, *[1.0] * 7]]], [[[9.0, *[1.0] * 7]]]
    by_kernel = band_of(surprisals, outcomes, [[["fast", *["slow"] * 7]]], most_surprising)
    by_sample = band_of(surprisals, outcomes, None, most_surprising)
    assert by_kernel.p_value == pytest.approx(1 / 2, abs=0.025)
    assert by_sample.p_value == pytest.approx(1 / 8, abs=0.02)


def test_a_kernel_keeps_its_outcome_under_every_seed() -> None:
    """Two seeds choose the same of two kernels: the mean over seeds is 9 or 1, never 5."""
    arguments = ([[[2.0, 1.0]] * 2], [[[9.0, 1.0]] * 2], [[["a", "b"]] * 2], most_surprising)
    assert band_of(*arguments).p_value == pytest.approx(1 / 2, abs=0.025)
    (deck,) = decks_of(*arguments[:3])[0]  # type: ignore[arg-type]
    assert deck.outcomes_U.tolist() == [9, 1]
    assert [units.tolist() for _, units in deck.cells] == [[0, 1], [0, 1]]


def test_tasks_and_seeds_without_a_choice_are_left_out() -> None:
    """An empty seed and an empty task change nothing; nothing but empty ones is missing."""
    band = band_of([[[1.0], []], [[]]], [[[5.0], []], [[]]], None, most_surprising)
    assert band.value == 5
    with_kernels = band_of([[[1.0], []], [[]]], [[[5.0], []], [[]]], [[["a"], []], [[]]], most_surprising)
    assert with_kernels.value == 5
    for measurements in (None, [[[]]]):
        missing = null_band([[[]]], [[[]]], measurements, most_surprising, 100, 0, 0.95)  # type: ignore[arg-type]
        assert missing == Missing("no correct sample in any task")
    assert null_band(None, [[[1.0]]], None, most_surprising, 100, 0, 0.95) == Missing("no log-probabilities")


def test_what_does_not_fit_together_is_refused() -> None:
    """A surprisal too few, NaN, a measurement with two outcomes."""
    with pytest.raises(ValueError, match="task 0: one surprisal is needed for each outcome"):
        decks_of([[[1.0]]], [[[1.0, 2.0]]], None)
    with pytest.raises(ValueError, match="task 0: a value is not finite"):
        decks_of([[[float("nan")]]], [[[1.0]]], None)
    with pytest.raises(ValueError, match=r"task 1: measurement a has outcomes 1.0 and 2.0"):
        decks_of([[[1.0]], [[1.0, 2.0]]], [[[1.0]], [[1.0, 2.0]]], [[["b"]], [["a", "a"]]])


def test_the_same_seed_gives_the_same_band() -> None:
    """A band is a function of its arguments."""
    arguments = ([[[3.0, 2.0, 1.0]] * 3], [[[5.0, 3.0, 1.0]] * 3], None, most_surprising)
    assert null_band(*arguments, 50, 7, 0.95) == null_band(*arguments, 50, 7, 0.95)
    assert null_band(*arguments, 50, 7, 0.95) != null_band(*arguments, 50, 8, 0.95)


CELL = st.lists(st.tuples(st.integers(0, 3), st.sampled_from([0.5, 1.0, 4.0])), min_size=0, max_size=4)


@given(st.lists(st.lists(CELL, min_size=1, max_size=2), min_size=1, max_size=3))
@settings(derandomize=True, deadline=None, max_examples=40)
def test_a_band_lies_within_the_outcomes_and_p_is_a_probability(tasks: list[list[list[tuple[int, float]]]]) -> None:
    """Whatever the ties and gaps, nothing is NaN."""
    surprisals = [[[float(one) for one, _ in cell] for cell in task] for task in tasks]
    outcomes = [[[two for _, two in cell] for cell in task] for task in tasks]
    band = null_band(surprisals, outcomes, None, most_surprising, 50, 0, 0.9)
    flat = [outcome for task in outcomes for cell in task for outcome in cell]
    if isinstance(band, Missing):
        assert not flat
        return
    assert min(flat) <= band.low <= band.high <= max(flat)
    assert 0 < band.p_value <= 1


def test_cells_without_a_correct_sample_count_as_nothing_if_asked_to() -> None:
    """One task of two, under one seed of two, has a choice, which succeeds for sure: a quarter, permuted or not."""
    surprisals, outcomes = [[[1.0], []], [[], []]], [[[1.0], []], [[], []]]
    band = null_band(surprisals, outcomes, None, most_surprising, 100, 0, 0.95, counts_empty=True)
    assert isinstance(band, NullBand)
    assert (band.value, band.low, band.high) == (0.25, 0.25, 0.25)
