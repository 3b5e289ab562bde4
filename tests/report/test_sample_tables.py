"""What became of the samples: hand-computed numbers."""

from dataclasses import replace

import pytest

from kbwf.metrics.statistics import Interval, Missing
from kbwf.records import EvalStatus
from kbwf.report.sample_tables import noise_floor_table, pooled_speedup, speedup_table, status_table, task_table
from kbwf.report.table import value_of
from kbwf.settings import ReportSettings, SelectionSettings
from tests.builders import make_confirmation, make_confirmed, make_scored, make_selection, make_task
from tests.report.studies import samples_of, study_of

CFG = ReportSettings(num_resamples=200)


def test_the_status_table_counts_every_sample_once() -> None:
    """Counts and shares by policy, all statuses listed, and a sum."""
    scored = [
        *samples_of([2.0, None, None]),
        make_scored(3, status=EvalStatus.TIMEOUT),
        *samples_of([1.0], "identity"),
    ]
    table = status_table(study_of(scored))
    rows = {row["status"]: row for row in table.rows}
    assert list(rows) == [*(status.value for status in EvalStatus), "all"]
    assert (rows["passed"]["base"], rows["passed"]["base_frac"]) == (1, 0.25)
    assert (rows["wrong_values"]["base"], rows["timeout"]["base"], rows["crashed"]["base"]) == (2, 1, 0)
    assert (rows["all"]["base"], rows["all"]["base_frac"]) == (4, 1.0)
    assert rows["passed"]["identity_frac"] == 1.0
    assert [column.name for column in table.columns] == ["status", "base", "base_frac", "identity", "identity_frac"]


def test_the_task_table_has_the_best_kernel_and_the_control() -> None:
    """Best over seeds by lower bound, of the strategy that is configured; seconds without reused samples."""
    scored = [
        make_scored(0, 2.0, seconds_s={"compile": 1.0, "time": 2.0}),
        make_scored(1, 2.0, seconds_s={"lookup": 0.01}, is_reused=True),
        make_scored(0, seed=1, seconds_s={"compile": 1.0}),
        make_scored(0, 1.0, low=0.9, high=1.1, ratios_B=(0.9, 1.0, 1.1), policy_id="identity"),
    ]
    selections = [
        make_selection(9.0, low=0.5, seed=0),
        make_selection(2.0, low=1.5, seed=1),
        make_selection(50.0, seed=0, strategy="shortest"),
    ]
    first, second = task_table(study_of(scored, selections), CFG, SelectionSettings()).rows
    assert (first["task_id"], first["num_correct"], first["num_samples"]) == ("l0_p001", 2, 3)
    assert first["best_speedup"] == Interval(2.0, 1.5, 2.0)
    assert value_of(first["identity_speedup"]) == 1.0
    assert first["identity_covers_1"] is True
    assert first["seconds_per_sample_s"] == pytest.approx(2.0)
    assert (second["task_id"], second["num_samples"], second["best_speedup"]) == ("l0_p002", 0, None)
    assert (second["identity_covers_1"], second["seconds_per_sample_s"]) == (None, None)


def test_a_confirmed_kernel_stands_before_what_it_was_chosen_by() -> None:
    """With its verdict; under seed 1 the confirmed bound is the higher one, whatever the choices looked like."""
    selections = [make_selection(9.0, low=8.0, seed=0), make_selection(2.0, low=1.5, seed=1)]
    confirmations = (
        make_confirmation([make_confirmed(1.0, 0.99, 1.01)], seed=0),
        make_confirmation([make_confirmed(1.4, 1.3, 1.5)], seed=1),
    )
    study = replace(study_of([make_scored(0, 2.0)], selections), confirmations=confirmations)
    first, _ = task_table(study, CFG, SelectionSettings()).rows
    assert (first["confirmed_speedup"], first["comparison"]) == (Interval(1.4, 1.3, 1.5), "faster")
    assert first["best_speedup"] == Interval(2.0, 1.5, 2.0)


def test_a_task_that_cannot_be_judged_is_a_row_with_the_reason() -> None:
    """And nothing else in it; the task's id once, whether or not the judge's sentence begins with it."""
    for reason in ("it draws at random.", "l0_p007 Dropout: it draws at random."):
        study = replace(study_of([make_scored(0, 2.0)]), refused=((make_task(7, name="Dropout"), reason),))
        table = task_table(study, CFG, SelectionSettings())
        assert table.rows[-1]["confirmed_speedup"] == Missing("l0_p007 cannot be judged: it draws at random")
    last = table.rows[-1]
    assert (last["task_id"], last["name"], last["num_samples"]) == ("l0_p007", "Dropout", None)
    assert "l0_p007 cannot be judged: it draws at random." in table.to_markdown()


def test_the_pooled_speedup_is_the_median_over_samples() -> None:
    """Three samples with block medians 0.99, 1.00 and 1.05; a failed one plays no part."""
    blocks = [(0.98, 0.99, 1.0), (1.0, 1.0, 1.0), (1.05, 1.04, 1.06)]
    scored = [make_scored(i, b[1], low=0.9, high=1.1, ratios_B=b) for i, b in enumerate(blocks)]
    pooled = pooled_speedup(study_of([*scored, make_scored(3)]).samples, CFG)
    assert pooled is not None
    assert pooled.value == pytest.approx(1.0)
    assert 0.98 <= pooled.low <= 1.0 <= pooled.high <= 1.06
    assert pooled_speedup(study_of([make_scored(0)]).samples, CFG) is None


def test_the_noise_floor_is_the_control_s_single_measurements() -> None:
    """Of four, one failed: two above 1, one confidently, two of the three timed intervals cover 1."""
    (row,) = noise_floor_table(study_of([*samples_of([1.3, 1.05, 0.95, None], "identity"), *samples_of([9.0])])).rows
    assert (row["num_samples"], row["num_timed"]) == (4, 3)
    assert (row["faster_frac"], row["confidently_faster_frac"]) == (0.5, 0.25)
    assert row["covers_1_frac"] == pytest.approx(2 / 3)
    assert (row["speedup_min"], row["speedup_median"], row["speedup_max"]) == (0.95, 1.05, 1.3)


def test_without_the_control_the_noise_floor_says_so() -> None:
    """Its numbers are n/a, and a sentence says why."""
    table = noise_floor_table(study_of(samples_of([2.0])))
    assert (table.rows[0]["num_samples"], table.rows[0]["faster_frac"]) == (0, None)
    assert table.reasons() == ["The identity control was left out of this study."]


def test_speedups_have_both_means_and_the_mean_over_tasks() -> None:
    """4 and 1/4 in one task, 2 in another: mean 25/12, geometric mean 2 ** (1/3), mean over tasks 33/16."""
    (row, control) = speedup_table(
        study_of([*samples_of([4.0, 0.25]), *samples_of([2.0], task=2), *samples_of([None], "identity")]), CFG
    ).rows
    assert row["mean"] == pytest.approx(25 / 12)
    assert row["geomean"] == pytest.approx(2 ** (1 / 3))
    assert value_of(row["mean_over_tasks"]) == pytest.approx((17 / 8 + 2) / 2)
    assert row["faster_frac"] == pytest.approx(2 / 3)
    assert row["median"] == 2.0
    assert control["mean"] == Missing("no correct sample")
