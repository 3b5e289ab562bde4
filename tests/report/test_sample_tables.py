"""The report's tables: hand-computed numbers."""

import csv
import io

import pytest

from kbwf.metrics.statistics import Interval
from kbwf.records import EvalStatus, Evaluation
from kbwf.report.tables import (
    Column,
    Table,
    noise_floor_table,
    pooled_speedup,
    scaling_table,
    selection_table,
    shown_policies,
    status_table,
    task_table,
)
from kbwf.settings import ReportSettings, SelectionSettings
from tests.builders import make_evaluation, make_selection, make_task, make_timing

CFG = ReportSettings(num_resamples=200)


def value_of(cell: object) -> float:
    """The estimate of an interval cell."""
    assert isinstance(cell, Interval)
    return cell.value


def evaluations_of(
    speedups: list[float | None], policy_id: str = "base", task: int = 1, seed: int = 0
) -> list[Evaluation]:
    """Samples of one task, policy and seed; None is a failed one."""
    return [
        make_evaluation(
            idx,
            None if speedup is None else make_timing(speedup, speedup - 0.1, speedup + 0.1),
            task_id=f"l0_p{task:03d}",
            policy_id=policy_id,
            seed=seed,
        )
        for idx, speedup in enumerate(speedups)
    ]


def test_an_interval_is_three_columns_in_csv_and_one_cell_in_markdown() -> None:
    """Values keep six digits in CSV and the column's decimals in Markdown; None is n/a, a bool yes or no."""
    columns = (Column("a", "A", is_interval=True), Column("b", "B", digits=1), Column("c", "C"), Column("d", "D"))
    rows = [
        {"a": Interval(1.23456789, 1.0, 2.0), "b": 0.25, "c": 3, "d": "x|y"},
        {"a": None, "b": None, "c": True, "d": "z"},
    ]
    table = Table(columns, rows)  # type: ignore[arg-type]
    assert table.to_csv() == "a,a_low,a_high,b,c,d\n1.23457,1,2,0.25,3,x|y\nn/a,n/a,n/a,n/a,yes,z\n"
    assert table.to_markdown() == (
        "| A | B | C | D |\n|---:|---:|---:|---|\n| 1.23 [1.00, 2.00] | 0.2 | 3 | x\\|y |\n| n/a | n/a | yes | z |\n"
    )


def test_the_selection_table_averages_over_tasks_and_seeds() -> None:
    """Two tasks, two seeds: successes 1, 1 and 0, 1; speedups 4, 1.5, 0.5 and 2; beside them the identity control."""
    selections = [
        make_selection(4.0, low=3.0, task_id="l0_p001", seed=0, num_timings_used=2),
        make_selection(1.5, low=0.9, task_id="l0_p001", seed=1, num_timings_used=2),
        make_selection(0.5, task_id="l0_p002", seed=0, num_timings_used=2),
        make_selection(2.0, task_id="l0_p002", seed=1, num_timings_used=2, num_correct=4),
        make_selection(1.01, low=0.99, task_id="l0_p001", policy_id="identity", num_correct=4),
        make_selection(0.99, low=0.98, task_id="l0_p002", policy_id="identity", num_correct=4),
    ]
    (row,) = selection_table(selections, ["oracle"], CFG).rows
    assert (row["policy"], row["strategy"], row["num_cases"], row["num_choices"]) == ("base", "oracle", 4, 4)
    assert value_of(row["success"]) == pytest.approx(0.75)
    assert row["seed_std"] == pytest.approx(0.5 / 2**0.5)  # seed means 0.5 and 1.0
    assert row["confident_success"] == pytest.approx(0.5)
    assert row["speedup_geomean"] == pytest.approx(6**0.25)  # 4 · 1.5 · 0.5 · 2 = 6
    assert row["speedup_mean"] == pytest.approx(2.0)
    assert row["correct_frac"] == pytest.approx((2 + 2 + 2 + 4) / 16)
    assert row["num_timings"] == 2
    assert value_of(row["identity_success"]) == pytest.approx(0.5)
    assert row["identity_confident_success"] == 0
    assert row["identity_seed_std"] is None
    assert row["identity_speedup_mean"] == pytest.approx(1.0)
    assert row["identity_correct_frac"] == 1


def test_without_identity_its_columns_are_not_available() -> None:
    """Every identity cell is n/a, and the others are as before."""
    table = selection_table([make_selection(2.0)], ["oracle"], CFG)
    (row,) = csv.DictReader(io.StringIO(table.to_csv()))
    assert row["success"] == "1"
    assert {value for name, value in row.items() if name.startswith("identity")} == {"n/a"}


def test_tasks_without_a_choice_lower_success_but_not_the_mean_speedup() -> None:
    """One solved task of two: success 1/2, speedup that of the solved one, one choice in two cases."""
    selections = [make_selection(3.0), make_selection(None, task_id="l0_p002")]
    (row,) = selection_table(selections, ["oracle"], CFG).rows
    assert value_of(row["success"]) == 0.5
    assert (row["speedup_mean"], row["num_choices"], row["num_cases"]) == (3.0, 1, 2)


def test_strategies_come_in_the_order_of_the_configuration() -> None:
    """A strategy without selections keeps its row, with nothing in it."""
    selections = [make_selection(2.0, strategy="oracle"), make_selection(2.0, strategy="shortest")]
    rows = selection_table(selections, ["shortest", "random", "oracle"], CFG).rows
    assert [row["strategy"] for row in rows] == ["shortest", "random", "oracle"]
    assert rows[1]["success"] is None


def test_the_scaling_table_is_the_unbiased_estimate_averaged_over_tasks() -> None:
    """One of four faster gives k/4, none gives 0: the mean of two tasks is k/8."""
    evaluations = evaluations_of([2.0, None, 0.5, None]) + evaluations_of([None] * 4, task=2)
    rows = scaling_table(evaluations, CFG).rows
    assert [row["k"] for row in rows] == [1, 2, 4]
    assert [value_of(row["fast_1_at_k"]) for row in rows] == pytest.approx([1 / 8, 2 / 8, 4 / 8])
    assert {row["identity_fast_1_at_k"] for row in rows} == {None}


def test_the_confident_curve_counts_lower_bounds() -> None:
    """A speedup of 1.05 ± 0.1 is a success, and not a confident one."""
    (row,) = scaling_table(evaluations_of([1.05]), CFG).rows
    assert value_of(row["fast_1_at_k"]) == 1
    assert value_of(row["confident_fast_1_at_k"]) == 0


def test_every_policy_has_its_own_k_and_the_control_beside_it() -> None:
    """Base with 6 samples goes 1, 2, 4, 6; identity with 2 goes 1, 2 and is n/a beside k = 4 and 6."""
    evaluations = evaluations_of([None] * 6) + evaluations_of([1.2, 0.9], "identity")
    rows = scaling_table(evaluations, CFG).rows
    assert [(row["policy"], row["k"]) for row in rows] == [
        *(("base", k) for k in (1, 2, 4, 6)),
        *(("identity", k) for k in (1, 2)),
    ]
    beside = [row["identity_fast_1_at_k"] for row in rows[:4]]
    assert [value_of(cell) for cell in beside[:2]] == pytest.approx([0.5, 1.0])
    assert beside[2:] == [None, None]


def test_tasks_with_fewer_samples_limit_k() -> None:
    """K is what every task and seed has."""
    evaluations = evaluations_of([2.0] * 5) + evaluations_of([2.0] * 3, task=2)
    assert [row["k"] for row in scaling_table(evaluations, CFG).rows] == [1, 2, 3]


def test_the_status_table_counts_every_sample_once() -> None:
    """Counts and shares by policy, all statuses listed, and a sum."""
    evaluations = [
        *evaluations_of([2.0, None, None]),
        make_evaluation(3, status=EvalStatus.TIMEOUT),
        *evaluations_of([1.0], "identity"),
    ]
    table = status_table(evaluations)
    rows = {row["status"]: row for row in table.rows}
    assert list(rows) == [*(status.value for status in EvalStatus), "all"]
    assert (rows["passed"]["base"], rows["passed"]["base_frac"]) == (1, 0.25)
    assert (rows["wrong_values"]["base"], rows["timeout"]["base"], rows["crashed"]["base"]) == (2, 1, 0)
    assert (rows["all"]["base"], rows["all"]["base_frac"]) == (4, 1.0)
    assert rows["passed"]["identity_frac"] == 1.0
    assert [column.name for column in table.columns] == ["status", "base", "base_frac", "identity", "identity_frac"]


def test_the_task_table_has_the_best_kernel_and_the_control() -> None:
    """Best over seeds by lower bound, of the strategy that is configured; seconds without reused samples."""
    evaluations = [
        make_evaluation(0, make_timing(2.0), seconds_s={"compile": 1.0, "time": 2.0}),
        make_evaluation(1, make_timing(2.0), seconds_s={"lookup": 0.01}, is_reused=True),
        make_evaluation(0, seed=1, seconds_s={"compile": 1.0}),
        make_evaluation(0, make_timing(1.0, 0.9, 1.1, (0.9, 1.0, 1.1)), policy_id="identity"),
    ]
    selections = [
        make_selection(9.0, low=0.5, seed=0),
        make_selection(2.0, low=1.5, seed=1),
        make_selection(50.0, seed=0, strategy="shortest"),
    ]
    tasks = [make_task(2, name="Other"), make_task(1)]
    first, second = task_table(tasks, evaluations, selections, CFG, SelectionSettings()).rows
    assert (first["task_id"], first["num_correct"], first["num_samples"]) == ("l0_p001", 2, 3)
    assert first["best_speedup"] == Interval(2.0, 1.5, 2.0)
    assert value_of(first["identity_speedup"]) == 1.0
    assert first["identity_covers_1"] is True
    assert first["seconds_per_sample_s"] == pytest.approx(2.0)
    assert (second["name"], second["num_samples"], second["best_speedup"]) == ("Other", 0, None)
    assert (second["identity_covers_1"], second["seconds_per_sample_s"]) == (None, None)


def test_the_pooled_speedup_is_the_median_over_samples() -> None:
    """Three samples with block medians 0.99, 1.00 and 1.05; a failed one plays no part."""
    blocks = [(0.98, 0.99, 1.0), (1.0, 1.0, 1.0), (1.05, 1.04, 1.06)]
    evaluations = [make_evaluation(i, make_timing(b[1], 0.9, 1.1, b)) for i, b in enumerate(blocks)]
    pooled = pooled_speedup([*evaluations, make_evaluation(3)], CFG)
    assert pooled is not None
    assert pooled.value == pytest.approx(1.0)
    assert 0.98 <= pooled.low <= 1.0 <= pooled.high <= 1.06
    assert pooled_speedup([make_evaluation(0)], CFG) is None


def test_the_noise_floor_is_the_control_s_single_measurements() -> None:
    """Of four, one failed: two above 1, one confidently, two of the three timed intervals cover 1."""
    evaluations = [
        *evaluations_of([1.3, 1.05, 0.95, None], "identity"),
        *evaluations_of([9.0]),
    ]
    (row,) = noise_floor_table(evaluations).rows
    assert (row["num_samples"], row["num_timed"]) == (4, 3)
    assert (row["faster_frac"], row["confidently_faster_frac"]) == (0.5, 0.25)
    assert row["covers_1_frac"] == pytest.approx(2 / 3)
    assert (row["speedup_min"], row["speedup_median"], row["speedup_max"]) == (0.95, 1.05, 1.3)


def test_the_control_has_rows_of_its_own_only_if_it_is_alone() -> None:
    """Beside other policies it stands in columns."""
    assert shown_policies(["identity", "base", "identity"]) == ["base"]
    assert shown_policies(["identity"]) == ["identity"]
    assert shown_policies([]) == []
