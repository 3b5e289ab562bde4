"""Runs, trajectories and methods."""

import pytest

from kbwf.metrics.statistics import Missing
from kbwf.records import Trajectory
from kbwf.report.run_tables import method_table, run_table, trajectory_table
from kbwf.report.runs import gain, regime_points, runs_by_name, runs_of
from kbwf.report.table import Band, value_of
from kbwf.settings import ReportSettings
from tests.report.studies import Records, samples_of, small_study, study_of

CFG = ReportSettings(num_resamples=200)


def with_fresh_successes() -> Records:
    """Base: fresh samples succeed in 1 of 4 in tasks 1 and 2; the chosen step in 3 of 4 of task 1, 1 of 4 of task 2."""
    records = small_study(num_tasks=2, num_seeds=1, num_samples=4)
    records.run_scored = []
    for policy_id, counts in (("base", (1, 1)), ("ttt_seed0.step1", (3, 1))):
        for task, count in enumerate(counts, 1):
            records.run_scored += samples_of([2.0] * count + [0.5] * (4 - count), policy_id, task, seed=1000)
    scores = [
        score.model_copy(update={"fast_1": fast_1})
        for score, fast_1 in zip(records.summaries[0].fresh, (0.25, 0.5), strict=True)
    ]
    records.summaries = [records.summaries[0].model_copy(update={"fresh": tuple(scores)})]
    return records


def test_the_gain_is_a_difference_of_fresh_samples_by_task() -> None:
    """1/2 in one task, 0 in the other."""
    (run,) = runs_of(with_fresh_successes().study())
    assert value_of(gain([run], CFG, is_transfer=False)) == pytest.approx(0.25)
    assert gain([run], CFG, is_transfer=True) == Missing("no fresh samples of other tasks")


def test_a_regime_s_point_takes_its_side_from_the_rollouts() -> None:
    """Deciding: the trajectory's step 0 (1/4 and 0); base and adapted: fresh samples."""
    runs = runs_by_name(with_fresh_successes().study())["ttt"]
    assert regime_points(runs) == {"l0_p001": (0.25, 0.25, 0.75), "l0_p002": (0.0, 0.25, 0.25)}


def test_a_run_is_reported_on_fresh_samples_beside_what_choosing_gives() -> None:
    """By selection 3/8 gained over 1/8 of 8 rollouts; dealt anew, steps of equal worth already give as much."""
    (row,) = run_table(with_fresh_successes().study(), CFG).rows
    assert (row["chosen_step"], row["base_fresh"], row["chosen_fresh"]) == (1, 0.25, 0.5)
    assert row["selection_gain"] == pytest.approx((2 + 2 - 1 - 0) / 8)
    assert isinstance(row["chance"], Band) and row["is_outside"] is False
    assert value_of(row["fresh_gain"]) == pytest.approx(0.25)
    assert (row["early_stopping_step"], row["early_stopping_last_step"]) == (1, 2)
    assert (row["method"], row["stopped"]) == ("grpo", None)


def test_the_published_trajectory_stands_beside_ours_by_step_and_task() -> None:
    """Problem 4 of level 1 at step 2: 46.9 %; over all tasks 42.5 %. A step that no rule chose has no mark."""
    steps = tuple({"l1_p004": share} for share in (0.0, 0.5, 0.25))
    trajectory = Trajectory(
        run_id="ttt_seed42", policy_ids_N=("base", "a.step1", "a.step2"), fast_1_N=(0.0, 0.5, 0.25),
        fast_1_by_task_N=steps, correct_frac_N=(1.0, 1.0, 1.0), rolled_back_N=(None, None, None), num_samples=4,
        chosen_step=1, early_stopping_step=1, early_stopping_last_step=2, per_task_oracle=0.5,
    )  # fmt: skip
    records = Records(trajectories=[trajectory], scored=samples_of([1.0]))
    rows = {(row["step"], row["task_id"]): row for row in trajectory_table(records.study()).rows}
    assert rows[2, "l1_p004"]["published"] == pytest.approx(0.469)
    assert rows[2, "all"]["published"] == pytest.approx(0.425)
    assert rows[1, "all"]["chosen_by"] == "Best-of-Adaptation, early stopping"
    assert rows[2, "all"]["chosen_by"] is None


def test_methods_take_the_seeds_of_a_run_together() -> None:
    """Two seeds with 0.5 and 1.0 on fresh samples: mean 0.75, standard deviation 0.5 / √2."""
    records = with_fresh_successes()
    summary = records.summaries[0]
    better = tuple(
        score.model_copy(update={"fast_1": 1.0 if score.policy_id != "base" else 0.25}) for score in summary.fresh
    )
    records.summaries.append(summary.model_copy(update={"run_id": "ttt_seed1", "seed": 1, "fresh": better}))
    records.updates += [one.model_copy(update={"run_id": "ttt_seed1"}) for one in records.updates]
    records.trajectories.append(records.trajectories[0].model_copy(update={"run_id": "ttt_seed1"}))
    (row,) = method_table(records.study(), CFG).rows
    assert (row["num_runs"], row["fresh_fast_1"]) == (2, 0.75)
    assert row["fresh_std"] == pytest.approx(0.5 / 2**0.5)
    assert row["published"] == pytest.approx(0.306)


def test_without_runs_every_table_says_so() -> None:
    """No rows, one sentence."""
    study = study_of(samples_of([2.0]))
    for table in (run_table(study, CFG), method_table(study, CFG), trajectory_table(study)):
        assert (table.rows, table.reasons()) == ([], ["The study has no adaptation runs."])
