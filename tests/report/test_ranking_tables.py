"""Correlations, quartiles and spread: hand-computed numbers."""

import pytest

from kbwf.metrics.statistics import Missing
from kbwf.report.ranking_tables import correlation_table, quartile_table, spread_table
from kbwf.report.table import value_of
from kbwf.settings import ReportSettings
from tests.builders import make_scored
from tests.report.studies import samples_of, study_of

CFG = ReportSettings(num_resamples=200)


def test_pooled_and_mean_correlations_are_told_apart() -> None:
    """In each of two tasks surprisal ranks backwards, and the surprising task is the faster one by far;
    two say nothing of others, five do."""
    scored = samples_of([4.0, 3.0, 2.0])
    scored += [
        make_scored(idx, speedup, (-10.0 - idx,), task_id="l0_p002") for idx, speedup in enumerate((9.0, 8.0, 7.0))
    ]
    row = correlation_table(study_of(scored), CFG).rows[0]
    assert row["measure"] == "surprisal and speedup"
    assert value_of(row["mean_rho"]) == pytest.approx(-1.0)
    assert row["pooled_rho"] == pytest.approx(1 - 6 * 16 / (6 * 35))  # differences of ranks: 2, 0, -2 in each task
    assert row["published_rho"] == 0.047
    assert row["excludes_0"] is None
    scored += [one for task in (3, 4, 5) for one in samples_of([4.0, 3.0, 2.0], task=task)]
    assert correlation_table(study_of(scored), CFG).rows[0]["excludes_0"] is True


def test_the_control_s_equal_surprisals_have_no_correlation() -> None:
    """Its cells say why."""
    control = [make_scored(idx, 1.0 + idx / 100, (0.0,), policy_id="identity") for idx in range(4)]
    row = correlation_table(study_of([*samples_of([1.0, 2.0, 3.0]), *control]), CFG).rows[0]
    assert row["identity_pooled_rho"] == Missing("one of the values is the same for all samples")


def test_quartiles_begin_with_the_highest_surprisal() -> None:
    """Eight samples, the two most surprising faster."""
    rows = quartile_table(study_of(samples_of([0.5] * 6 + [2.0, 4.0]))).rows
    together = [row for row in rows if row["ranked"] == "together"]
    assert [row["success"] for row in together] == [1.0, 0.0, 0.0, 0.0]
    assert (together[0]["surprisal_low_nats"], together[0]["surprisal_high_nats"]) == (7.0, 8.0)
    assert (together[0]["speedup_mean"], together[0]["num_samples"]) == (3.0, 2)
    assert [row["published_success"] for row in together] == pytest.approx([0.474, 0.81, 0.723, 0.439])


def test_too_few_samples_for_quartiles_are_said() -> None:
    """Three correct samples have no quarters."""
    table = quartile_table(study_of(samples_of([2.0] * 3)))
    assert table.rows == []
    assert table.missing[0] == "Policy base, together: fewer than four correct samples."


def test_the_spread_is_over_all_samples_of_a_task_failed_ones_too() -> None:
    """Surprisals 1, 2 and 3 have standard deviation 1, which is not above 1."""
    first, second = spread_table(study_of([*samples_of([2.0, None, None]), *samples_of([2.0], task=2)])).rows
    assert (first["std_nats"], first["is_high"], first["num_samples"]) == (1.0, False, 3)
    assert second["std_nats"] == Missing("fewer than two samples")
