"""Records as one frame."""

import pytest

from kbwf.report.study import correct_only, frame_of, joined, measurements_of, nested, policies_of, surprisals_of
from tests.builders import make_scored
from tests.report.studies import samples_of, study_of


def test_values_come_by_task_seed_and_index() -> None:
    """Whatever the order of the files; failed samples are left out of correct_only and keep the cell."""
    scored = [*samples_of([2.0, None], task=2), *samples_of([0.5], seed=1), *samples_of([None])]
    frame = study_of(scored).samples
    assert nested(frame, "sample_idx") == [[[0], [0]], [[0, 1]]]
    assert correct_only(frame, "speedup") == [[[], [0.5]], [[2.0]]]
    assert surprisals_of(frame) == [[[], [1.0]], [[1.0]]]


def test_a_correct_sample_without_log_probabilities_leaves_no_surprisals() -> None:
    """A failed one without them takes none away."""
    known, silent = (make_scored(idx, 2.0) for idx in (0, 1))
    silent = silent.model_copy(update={"sample": silent.sample.model_copy(update={"policy_logprobs_T": None})})
    assert surprisals_of(frame_of([known, silent], "mean")) is None
    failed = make_scored(1, None)
    failed = failed.model_copy(update={"sample": failed.sample.model_copy(update={"policy_logprobs_T": None})})
    assert surprisals_of(frame_of([known, failed], "mean")) == [[[1.0]]]


def test_surprisal_is_the_mean_or_the_sum() -> None:
    """Two tokens of 0.5 and 1.5 nats."""
    assert frame_of([make_scored(0, 2.0)], "mean")["surprisal_nats"].tolist() == [1.0]
    assert frame_of([make_scored(0, 2.0)], "sum")["surprisal_nats"].tolist() == [2.0]


def test_a_sample_that_is_compared_and_a_rollout_is_one_row() -> None:
    """It stays among those that strategies choose from."""
    compared, rollouts = (
        frame_of(samples_of([2.0, 3.0]), "mean"),
        frame_of(samples_of([2.0]), "mean", is_compared=False),
    )
    frame = joined([rollouts, compared])
    assert frame["is_compared"].tolist() == [True, True]
    assert joined([]).empty


def test_equal_kernels_measured_once_share_a_measurement() -> None:
    """The same source with the same speedup under two seeds; measured twice, each is its own."""
    once = [make_scored(0, 2.0, seed=seed) for seed in (0, 1)]
    first, second = (key for cell in measurements_of(frame_of(once, "mean"))[0] for key in cell)  # type: ignore[index]
    assert first == second
    twice = [make_scored(0, speedup, seed=seed) for seed, speedup in enumerate((2.0, 2.1))]
    assert measurements_of(frame_of(twice, "mean")) is None


def test_the_control_has_rows_of_its_own_only_if_it_is_alone() -> None:
    """Beside other policies it stands in columns."""
    both = study_of([*samples_of([1.0], "identity"), *samples_of([1.0])])
    assert (policies_of(both.samples["policy_id"]), both.shown_policies) == (["base", "identity"], ["base"])
    assert study_of(samples_of([1.0], "identity")).shown_policies == ["identity"]
    assert study_of([]).shown_policies == []


@pytest.mark.parametrize("column", ["speedup", "speedup_low", "surprisal_nats"])
def test_columns_of_numbers_are_numbers_without_samples_too(column: str) -> None:
    """So that comparisons with them work."""
    assert frame_of([], "mean")[column].dtype == float
