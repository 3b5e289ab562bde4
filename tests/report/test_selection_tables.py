"""Strategies: hand-computed numbers."""

from dataclasses import replace

import pytest

from kbwf.metrics.statistics import Interval, Missing
from kbwf.report.selection_tables import selection_table
from kbwf.report.table import Band, value_of
from kbwf.settings import ReportSettings, SelectionSettings
from tests.builders import make_confirmation, make_confirmed, make_selection
from tests.report.studies import samples_of, small_study, study_of

CFG = ReportSettings(num_resamples=400)
ORACLE = SelectionSettings(strategies=("oracle",))


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
    (row,) = selection_table(study_of(samples_of([2.0]), selections), CFG, ORACLE).rows
    assert (row["policy"], row["strategy"], row["num_cases"], row["num_choices"]) == ("base", "oracle", 4, 4)
    assert value_of(row["success"]) == pytest.approx(0.75)
    assert row["seed_std"] == pytest.approx(0.5 / 2**0.5)  # seed means 0.5 and 1.0
    assert value_of(row["confident_success"]) == pytest.approx(0.5)
    assert row["speedup_geomean"] == pytest.approx(6**0.25)  # 4 · 1.5 · 0.5 · 2 = 6
    assert row["speedup_mean"] == pytest.approx(2.0)
    assert row["correct_frac"] == pytest.approx((2 + 2 + 2 + 4) / 16)
    assert row["num_timings"] == 2
    assert value_of(row["identity_success"]) == pytest.approx(0.5)
    assert value_of(row["identity_confident_success"]) == 0
    assert row["identity_seed_std"] is None
    assert row["identity_speedup_mean"] == pytest.approx(1.0)
    assert (row["published"], row["published_speedup"]) == (1.0, 226.9)
    assert row["chance"] is None


def test_choices_that_were_measured_again_have_their_confirmed_numbers() -> None:
    """Chosen by 4 and 2; again 2 and 1, of which one lies above 1; nothing was chosen for the third task."""
    selections = [
        make_selection(4.0, sample_idx=1),
        make_selection(2.0, sample_idx=2, task_id="l0_p002"),
        make_selection(None, task_id="l0_p003"),
    ]
    confirmations = (
        make_confirmation([make_confirmed(2.0, 1.9, 2.1, (1,)), make_confirmed(9.0, 8.0, 10.0, (0,))]),
        make_confirmation(
            [make_confirmed(1.0, 0.99, 1.01, (2, 3))], task_id="l0_p002", control=make_confirmed(1.1, 1.05, 1.2, ())
        ),
    )
    study = replace(study_of(samples_of([4.0]), selections), confirmations=confirmations)
    (row,) = selection_table(study, CFG, ORACLE).rows
    assert value_of(row["confirmed_success"]) == pytest.approx(1 / 3)
    assert row["confirmed_speedup"] == pytest.approx(2**0.5)
    assert row["shrinkage"] == pytest.approx(8**0.5 / 2**0.5)
    assert row["confirmed_references"] == 0.5


def test_a_choice_that_failed_when_it_was_measured_again_is_no_success() -> None:
    """It counts in the rate, and has no speedup to shrink from."""
    broken = make_confirmed(None, None, None, (0,), failures=("crashed: signal 11",))
    study = study_of(samples_of([4.0]), [make_selection(4.0)])
    (row,) = selection_table(replace(study, confirmations=(make_confirmation([broken]),)), CFG, ORACLE).rows
    assert value_of(row["confirmed_success"]) == 0
    assert (row["confirmed_speedup"], row["shrinkage"]) == (None, None)


def test_what_was_not_measured_again_says_so() -> None:
    """No confirmations, and a strategy that chooses no single sample."""
    study = study_of(samples_of([4.0]), [make_selection(4.0)])
    (row,) = selection_table(study, CFG, ORACLE).rows
    assert row["confirmed_success"] == Missing("chosen kernels were not measured again")
    both = SelectionSettings(strategies=("oracle", "random"))
    study = replace(study, confirmations=(make_confirmation([]),))
    assert isinstance(selection_table(study, CFG, both).rows[1]["shrinkage"], Missing)


def test_tasks_without_a_choice_lower_success_but_not_the_mean_speedup() -> None:
    """One solved task of two: success 1/2, speedup that of the solved one, one choice in two cases."""
    selections = [make_selection(3.0), make_selection(None, task_id="l0_p002")]
    (row,) = selection_table(study_of(samples_of([3.0]), selections), CFG, ORACLE).rows
    assert value_of(row["success"]) == 0.5
    assert (row["speedup_mean"], row["num_choices"], row["num_cases"]) == (3.0, 1, 2)


def test_strategies_come_in_the_order_of_the_configuration() -> None:
    """A strategy without selections keeps its row, with nothing in it."""
    selections = [make_selection(2.0, strategy="oracle"), make_selection(2.0, strategy="shortest")]
    settings = SelectionSettings(strategies=("shortest", "random", "oracle"))
    rows = selection_table(study_of(samples_of([2.0]), selections), CFG, settings).rows
    assert [row["strategy"] for row in rows] == ["shortest", "random", "oracle"]
    assert rows[1]["success"] is None


def test_the_band_of_permuted_labels_counts_tasks_without_a_correct_sample() -> None:
    """Two samples, one faster: permuted, the surprising one is faster in half of the studies. With a task where nothing
    is correct the success is at most 1/2, permuted or not."""
    samples = [*samples_of([0.5, 2.0]), *samples_of([None, None], task=2)]
    selections = [
        make_selection(2.0, strategy="surprisal"),
        make_selection(None, task_id="l0_p002", strategy="surprisal"),
    ]
    settings = SelectionSettings(strategies=("surprisal",), best="surprisal")
    (row,) = selection_table(study_of(samples, selections), CFG, settings).rows
    assert value_of(row["success"]) == 0.5
    assert row["chance"] == Band(0.0, 0.5)
    assert row["is_outside"] is False


def test_an_effect_in_every_task_lies_outside_the_band() -> None:
    """Eight tasks with the fast kernel of eight always the most surprising: by chance 1 task in 8 succeeds."""
    samples = [one for task in range(1, 9) for one in samples_of([0.5] * 7 + [2.0], task=task)]
    selections = [make_selection(2.0, strategy="surprisal", task_id=f"l0_p{task:03d}") for task in range(1, 9)]
    settings = SelectionSettings(strategies=("surprisal",), best="surprisal")
    (row,) = selection_table(study_of(samples, selections), CFG, settings).rows
    assert isinstance(row["chance"], Band) and row["chance"].high <= 0.5
    assert row["is_outside"] is True


def test_tasks_with_different_seeds_have_no_spread_over_seeds() -> None:
    """The reason stands in its place, and all other numbers stay."""
    records = small_study(num_tasks=2, has_runs=False)
    records.scored = [one for one in records.scored if (one.sample.task_id, one.sample.seed) != ("l0_p002", 1)]
    row = selection_table(records.study(), CFG, SelectionSettings()).rows[-1]
    assert row["seed_std"] == Missing("tasks have different numbers of seeds")
    assert isinstance(row["success"], Interval)
