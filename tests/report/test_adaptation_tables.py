"""Regimes, transfer and the probe."""

from dataclasses import replace

import pytest

from kbwf.metrics.statistics import Missing
from kbwf.report.adaptation_tables import probe_points, probe_table, regime_table, transfer_table
from kbwf.report.cost_tables import compute_table, seconds_table
from kbwf.report.headlines import headlines
from kbwf.report.study import Study
from kbwf.report.table import value_of
from kbwf.settings import ReportSettings, SelectionSettings
from kbwf.stages.make_report import tables_of
from tests.report.studies import samples_of, small_study, study_of

CFG = ReportSettings(num_resamples=200)


def test_regimes_have_a_side_with_tasks_and_one_without() -> None:
    """Step 0 of the run succeeds in 1/4 and 0: both tasks are below the line."""
    below, above = regime_table(small_study(num_tasks=2).study(), CFG).rows
    assert (below["num_tasks"], above["num_tasks"]) == (2, 0)
    assert value_of(below["gain"]) is not None
    assert above["gain"] == Missing("no task above the line")
    assert value_of(below["identity"]) is not None or isinstance(below["identity"], Missing)


def gained(num_tasks: int) -> Study:
    """The chosen step's fresh samples are all faster, the first policy's none, as of all rollouts."""
    study = small_study(num_tasks=num_tasks).study()
    frame = study.samples.copy()
    frame.loc[frame["seed"] == 1000, "speedup"] = 0.5
    frame.loc[(frame["seed"] == 1000) & (frame["policy_id"] == "ttt_seed0.step1"), "speedup"] = 2.0
    (one,) = study.trajectories
    none_solved = dict.fromkeys((task.task_id for task in study.tasks), 0.0)
    trajectory = one.model_copy(update={"fast_1_by_task_N": (none_solved,) * 3})
    return replace(study, samples=frame, trajectories=(trajectory,))


def test_a_gain_over_few_tasks_is_not_said_to_exclude_0() -> None:
    """However large and alike; the summary says that there are too few tasks."""
    for num_tasks, is_excluded in ((3, None), (4, None), (5, True)):
        study = gained(num_tasks)
        below = regime_table(study, CFG).rows[0]
        assert (below["num_tasks"], below["excludes_0"]) == (num_tasks, is_excluded)
        said = headlines(study, tables_of(study, CFG, SelectionSettings()), CFG)
        (one,) = [one for one in said if "Run `ttt`" in one.text]
        assert one.is_outside is is_excluded
        assert (f"of {num_tasks} tasks, too few to tell it apart from no gain (that takes 5)" in one.text) == (
            is_excluded is None
        )


def test_transfer_needs_other_tasks() -> None:
    """The run answers none: its own gain is there, the other says why not."""
    (row,) = transfer_table(small_study().study(), CFG).rows
    assert value_of(row["own_gain"]) is not None
    assert row["other_gain"] == Missing("the run answers no other tasks (transfer_to)")


def test_transfer_is_the_gain_on_other_tasks() -> None:
    """The same samples called other tasks: the same gain there."""
    records = small_study()
    summary = records.summaries[0]
    elsewhere = tuple(score.model_copy(update={"is_transfer": True}) for score in summary.fresh)
    records.summaries = [summary.model_copy(update={"fresh": (*summary.fresh, *elsewhere)})]
    (row,) = transfer_table(records.study(), CFG).rows
    assert row["other_gain"] == row["own_gain"]
    assert row["other"] == summary.fresh[1].fast_1


def test_an_outer_loop_is_reported_on_other_tasks_alone() -> None:
    """No fresh samples of its own ones are drawn."""
    records = small_study()
    summary = records.summaries[0]
    elsewhere = tuple(score.model_copy(update={"is_transfer": True}) for score in summary.fresh)
    records.summaries = [summary.model_copy(update={"fresh": elsewhere})]
    (row,) = transfer_table(records.study(), CFG).rows
    assert row["own_base"] is None
    assert row["own_gain"] == Missing("no fresh samples")
    assert value_of(row["other_gain"]) is not None


def test_the_probe_begins_with_the_first_policy_s_own_likelihoods() -> None:
    """Every step finds the samples 0.1 nats less likely, which changes no rank."""
    rows = probe_table(small_study().study(), CFG).rows
    assert [row["step"] for row in rows] == [0, 1, 2]
    assert [value_of(row["nll_change_nats"]) for row in rows] == pytest.approx([0.0, 0.1, 0.2])
    assert [value_of(row["rho_change"]) for row in rows] == pytest.approx([0.0, 0.0, 0.0])
    assert rows[0]["published_rho"] == -0.198
    assert [row["excludes_0"] for row in rows] == [None, False, False]


def test_a_run_that_was_not_probed_says_so() -> None:
    """The table has a sentence instead of rows."""
    records = small_study()
    records.probes = []
    assert isinstance(probe_points(records.study(), records.trajectories[0], CFG), Missing)
    assert probe_table(records.study(), CFG).missing[0].startswith("Run ttt_seed0: the run was not probed")


def test_compute_counts_reused_evaluations_apart() -> None:
    """48 samples of the base policy, one each of 3 tasks, 24 of the control, and the run by its own summary."""
    rows = {row["method"]: row for row in compute_table(small_study().study()).rows}
    assert {name: row["num_rollouts"] for name, row in rows.items()} == {
        "base, one sample per task": 3, "base, Best-of-N": 48, "identity control": 24, "ttt_seed0": 36,
    }  # fmt: skip
    assert rows["base, Best-of-N"]["evaluation_s"] == pytest.approx(48 * 0.75)
    assert rows["ttt_seed0"]["num_reused"] == 6
    assert rows["base, Best-of-N"]["published_student_tokens"] == 313000


def test_seconds_are_by_phase_without_what_was_reused() -> None:
    """Compilation took 0.5 s of each sample, an update 2 s."""
    rows = {(row["policy"], row["phase"]): row["seconds_s"] for row in seconds_table(small_study().study()).rows}
    assert rows["identity", "evaluation: compile"] == pytest.approx(12.0)
    assert rows["ttt_seed0.step1", "update"] == 2.0
    assert seconds_table(study_of(samples_of([2.0]))).missing == ("No evaluation says where its time went.",)
