"""Facts about choosing a step of a run."""

from pathlib import Path

import pytest

from kbwf.errors import RecordError
from kbwf.records import Trajectory
from kbwf.run_settings import GuardrailSettings
from kbwf.stages.select_checkpoint import select_checkpoint
from kbwf.store import read_record, write_records
from tests.builders import make_scored

BASE_SAMPLES = (2.0, 0.5, 0.5, 0.5)
STEPS = {"base": BASE_SAMPLES, "r.step1": (2.0, 2.0, 2.0, None), "r.step2": (2.0, 2.0, 0.5, 0.5)}
"""Speedups: fast_1 of 1/4, 3/4 and 2/4; step 1 loses a correct sample."""


def chosen(tmp_path: Path, guardrail: GuardrailSettings, **steps: tuple[float | None, ...]) -> Trajectory:
    """The trajectory of these steps, or of `STEPS`."""
    paths = []
    for policy_id, speedups in (steps or STEPS).items():
        paths.append(tmp_path / f"{policy_id}.jsonl")
        write_records(paths[-1], [make_scored(i, s, policy_id=policy_id) for i, s in enumerate(speedups)])
    output = tmp_path / "trajectory.json"
    select_checkpoint("r", list(steps or STEPS), paths, guardrail, 1, output)
    return read_record(output, Trajectory)


def test_a_step_that_the_guardrail_rolls_back_is_passed_over(tmp_path: Path) -> None:
    """Step 1 is the fastest, but answers less often correctly than the base policy."""
    trajectory = chosen(tmp_path, GuardrailSettings())
    assert trajectory.fast_1_N == (0.25, 0.75, 0.5)
    assert trajectory.rolled_back_N == (None, "75.0% correct, below the base policy's 100.0%", None)
    assert (trajectory.chosen_step, trajectory.chosen_policy_id) == (2, "r.step2")
    assert (trajectory.early_stopping_step, trajectory.early_stopping_last_step) == (0, 1)
    assert trajectory.per_task_oracle == 0.75


def test_without_guardrail_the_fastest_step_is_chosen(tmp_path: Path) -> None:
    """No step is rolled back."""
    trajectory = chosen(tmp_path, GuardrailSettings(is_on=False))
    assert trajectory.rolled_back_N == (None, None, None)
    assert (trajectory.chosen_step, trajectory.early_stopping_step, trajectory.early_stopping_last_step) == (1, 1, 2)


def test_the_base_policy_may_be_the_best(tmp_path: Path) -> None:
    """And is never rolled back, whatever the floor."""
    trajectory = chosen(tmp_path, GuardrailSettings(min_correct_frac=1.0), base=(2.0, None), step1=(2.0, None))
    assert trajectory.chosen_step == 0
    assert trajectory.rolled_back_N[0] is None


def test_steps_with_other_numbers_of_samples_are_refused(tmp_path: Path) -> None:
    """They could not be compared."""
    with pytest.raises(RecordError, match=r"step1 has \{'l0_p001': 1\}, step 0 \{'l0_p001': 2\}"):
        chosen(tmp_path, GuardrailSettings(), base=(2.0, None), step1=(2.0,))


def test_samples_of_no_step_are_refused(tmp_path: Path) -> None:
    """A file of another policy was passed."""
    path = tmp_path / "other.jsonl"
    write_records(path, [make_scored(0, policy_id="other")])
    with pytest.raises(RecordError, match="policy other, seed 0 is of no step of r"):
        select_checkpoint("r", ["base"], [path], GuardrailSettings(), 1, tmp_path / "out.json")
