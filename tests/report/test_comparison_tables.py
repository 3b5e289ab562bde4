"""Two studies side by side: hand-computed numbers."""

import pytest

from kbwf.metrics.statistics import Missing
from kbwf.report.comparison_tables import difference_table, equal_kernels_table
from kbwf.report.table import Cell, Row, value_of
from kbwf.settings import ReportSettings
from tests.builders import make_scored, make_selection
from tests.report.studies import samples_of, study_of

CFG = ReportSettings(num_resamples=200)
BASE = [("base", "base")]


def by_measure(rows: list[Row]) -> dict[Cell, Row]:
    """Rows of one pair of policies."""
    return {row["measure"]: row for row in rows}


def test_differences_are_of_the_tasks_that_both_have() -> None:
    """Task 1: 1 of 2 faster, then 2 of 2; task 2: 0 and 1 of 2. Task 3, which only the second has, plays no part."""
    first = study_of([*samples_of([2.0, None]), *samples_of([0.5, 0.5], task=2)])
    second = study_of(
        [*samples_of([2.0, 2.0]), *samples_of([0.5, 2.0], task=2), *samples_of([None, None], task=3)]
    )  # fmt: skip
    rows = by_measure(difference_table(first, second, BASE, CFG).rows)
    row = rows["sample fast_1"]
    assert [value_of(row[name]) for name in ("first", "second", "difference")] == [0.25, 0.75, 0.5]
    assert (row["num_tasks"], row["excludes_0"]) == (2, None)
    assert value_of(rows["correct samples"]["difference"]) == 0.25
    assert isinstance(row["control"], Missing)


def test_a_difference_of_few_tasks_is_not_said_to_exclude_0() -> None:
    """All tasks change in one direction, as four do by chance in every eighth study; five are said."""
    for num_tasks, is_excluded in ((1, None), (4, None), (5, True)):
        first, second = (
            study_of([one for task in range(num_tasks) for one in samples_of([speedup], task=task + 1)])
            for speedup in (0.5, 2.0)
        )
        row = by_measure(difference_table(first, second, BASE, CFG).rows)["sample fast_1"]
        assert (row["num_tasks"], row["excludes_0"]) == (num_tasks, is_excluded)


def test_the_controls_differ_as_well_or_not() -> None:
    """The second judge is 10 % too kind to everything: the control says so."""
    first = study_of([*samples_of([1.0]), *samples_of([1.0], "identity")])
    second = study_of([*samples_of([1.1]), *samples_of([1.1], "identity")])
    row = by_measure(difference_table(first, second, BASE, CFG).rows)["sample fast_1"]
    assert value_of(row["difference"]) == value_of(row["control"]) == 1.0


def test_policies_of_other_names_and_strategies_are_compared() -> None:
    """Success over seeds of a task: 1/2 against 1."""
    first = study_of(samples_of([2.0]), [make_selection(2.0, seed=0), make_selection(0.5, seed=1)])
    second = study_of(samples_of([2.0], "ttt"), [make_selection(2.0, policy_id="ttt")])
    rows = by_measure(difference_table(first, second, [("base", "ttt")], CFG).rows)
    assert value_of(rows["success of oracle"]["difference"]) == 0.5
    assert rows["success of oracle"]["policies"] == "base, ttt"


def test_equal_kernels_are_found_by_their_content() -> None:
    """One kernel twice as fast on the second machine, one that fails there, one that only the first has."""
    sources = ["x = 1\n", "x = 2\n", "x = 3\n"]
    first = study_of([make_scored(idx, 2.0, kernel_source=source) for idx, source in enumerate(sources)])
    second = study_of(
        [make_scored(0, 4.0, kernel_source=sources[0]), make_scored(1, None, kernel_source=sources[1])]
    )  # fmt: skip
    kernels, control = equal_kernels_table(first, second, CFG).rows
    assert (kernels["num_kernels"], kernels["num_correct"], kernels["same_status"]) == (2, 1, 0.5)
    assert value_of(kernels["ratio"]) == pytest.approx(2.0)
    assert (control["num_kernels"], control["same_status"]) == (0, None)
