"""fast_p over tasks and over samples."""

import pytest

from kbwf.errors import RecordError
from kbwf.metrics.fast_p import fast_p, is_faster, sample_fast_p
from tests.builders import make_evaluation, make_selection, make_timing


def test_fast_p_is_strict_at_equality() -> None:
    """A speedup of exactly p is no success, for tasks and for samples."""
    at_two = make_selection(2.0)
    assert fast_p([at_two], p=2.0) == 0
    assert fast_p([at_two], p=1.999) == 1
    exactly_one = make_evaluation(timing=make_timing(1.0))
    assert sample_fast_p([exactly_one]) == 0
    assert not is_faster(exactly_one)


def test_fast_p_counts_tasks_without_a_choice_as_failures() -> None:
    """Of a fast, a slow and two unsolved tasks one in four succeeds, and two in four are correct (fast_0)."""
    selections = [make_selection(3.0), make_selection(0.5), make_selection(None), make_selection(None)]
    assert fast_p(selections) == 0.25
    assert fast_p(selections, p=0) == 0.5


def test_confident_fast_p_looks_at_the_lower_bound() -> None:
    """A speedup of 1.2 whose interval starts at 0.9 is a success, but not a confident one."""
    selections = [make_selection(1.2, low=0.9), make_selection(3.0, low=2.0)]
    assert fast_p(selections) == 1
    assert fast_p(selections, confident=True) == 0.5
    assert fast_p(selections, p=1.5, confident=True) == 0.5
    assert fast_p(selections, p=2.0, confident=True) == 0
    evaluations = [make_evaluation(timing=make_timing(1.2, 0.9, 1.5)), make_evaluation(timing=make_timing(3, 2, 4))]
    assert sample_fast_p(evaluations, confident=True) == 0.5


def test_fast_1_takes_the_expected_value_of_random() -> None:
    """A choice that is an expectation over samples enters with its probability."""
    random = make_selection(1.5).model_copy(update={"sample_idx": None, "fast_1": 0.25})
    assert fast_p([random, make_selection(2.0)]) == pytest.approx(0.625)


def test_fast_p_of_an_expectation_is_known_for_p_1_only() -> None:
    """At another p the expectation over samples cannot be had from the selection, and the error says where from."""
    random = make_selection(1.5, strategy="random").model_copy(update={"sample_idx": None})
    with pytest.raises(RecordError, match="random.*use sample_fast_p"):
        fast_p([random], p=2.0)


def test_sample_fast_p_counts_failed_samples() -> None:
    """One faster sample among four, two of them failed, gives a quarter."""
    evaluations = [
        make_evaluation(i, timing) for i, timing in enumerate([make_timing(2.0), make_timing(0.5), None, None])
    ]
    assert sample_fast_p(evaluations) == 0.25
    assert sample_fast_p(evaluations, p=0) == 0.5


def test_fast_p_of_nothing_is_undefined() -> None:
    """Without selections or samples there is no fraction."""
    assert fast_p([]) is None
    assert sample_fast_p([]) is None
