"""Surprisal against confidence: hand-computed numbers."""

import pytest

from kbwf.metrics.statistics import Interval, Missing
from kbwf.report.surprisal_table import surprisal_table
from kbwf.report.table import Cell
from kbwf.settings import ReportSettings
from tests.report.studies import samples_of, study_of

CFG = ReportSettings(num_resamples=400)


def measures(study_samples: list) -> dict[Cell, dict[str, Cell]]:
    """Rows of the comparison by what they measure."""
    return {row["measure"]: row for row in surprisal_table(study_of(study_samples), CFG).rows}


def test_an_effect_in_every_task_passes_both_questions() -> None:
    """Eight tasks with the fast kernel of eight always the most surprising: 1/8 to the 8th, 1/2 to the 8th."""
    samples = [one for task in range(1, 9) for one in samples_of([0.5] * 7 + [2.0], task=task)]
    rows = measures(samples)
    assert (rows["success of surprisal"]["value"], rows["success of confidence"]["value"]) == (1.0, 0.0)
    assert rows["surprisal beats confidence"]["value"] is True
    assert rows["could the labels be anybody's, p"]["value"] == pytest.approx(8.0**-8)
    assert rows["would other tasks agree, p"]["value"] == pytest.approx(2.0**-8)
    assert rows["speedup ratio, geometric mean"]["value"] == Interval(*[pytest.approx(4.0)] * 3)  # type: ignore[arg-type]
    assert rows["difference of success"]["is_outside"] is True


def test_the_paper_s_statistics_follow_from_its_proportions() -> None:
    """Three discordant pairs of ten, 80 % against 50 %: h = 0.6435, exact sign test 0.125 one-sided."""
    winners = [([0.5, 2.0], 3), ([1.5, 2.0], 5), ([0.5, 0.7], 2)]
    samples, task = [], 0
    for speedups, count in winners:
        for _ in range(count):
            task += 1
            samples += samples_of(speedups, task=task)
    rows = measures(samples)
    assert rows["Cohen's h"]["value"] == pytest.approx(0.6435, abs=5e-5)
    assert rows["exact sign test, p"]["value"] == pytest.approx(0.125)
    assert (rows["only surprisal succeeds"]["value"], rows["pairs of task and seed"]["value"]) == (3, 10)
    assert rows["exact sign test, p"]["published"] == 0.125


def test_without_correct_samples_the_comparison_says_so() -> None:
    """Every row is missing for one reason."""
    cells = {row["value"] for row in measures(samples_of([None, None])).values()}
    assert cells == {Missing("no correct sample in any task")}
