"""Success against samples: hand-computed numbers."""

import pytest

from kbwf.metrics.statistics import Interval
from kbwf.report.noise import lies_above
from kbwf.report.scaling_tables import scaling_table
from kbwf.report.table import Band, value_of
from kbwf.settings import ReportSettings
from tests.report.studies import samples_of, study_of

CFG = ReportSettings(num_resamples=200)


def test_the_scaling_table_is_the_unbiased_estimate_averaged_over_tasks() -> None:
    """One of four faster gives k/4, none gives 0: the mean of two tasks is k/8. Best of one: (2 + 0.5)/4/2."""
    rows = scaling_table(study_of(samples_of([2.0, None, 0.5, None]) + samples_of([None] * 4, task=2)), CFG).rows
    assert [row["k"] for row in rows] == [1, 2, 4]
    assert [value_of(row["fast_1_at_k"]) for row in rows] == pytest.approx([1 / 8, 2 / 8, 4 / 8])
    assert value_of(rows[0]["best_speedup"]) == pytest.approx(2.5 / 8)
    assert {row["identity_fast_1_at_k"] for row in rows} == {None}
    assert [row["published"] for row in rows] == pytest.approx([0.533, 0.724, 0.895])


def test_the_confident_curve_counts_lower_bounds() -> None:
    """A speedup of 1.05 ± 0.1 is a success, and not a confident one."""
    (row,) = scaling_table(study_of(samples_of([1.05])), CFG).rows
    assert (value_of(row["fast_1_at_k"]), value_of(row["confident_fast_1_at_k"])) == (1, 0)


def test_every_policy_has_its_own_k_and_the_control_beside_it() -> None:
    """Base with 6 samples goes 1, 2, 4, 6; identity with 2 goes 1, 2 and is n/a beside k = 4 and 6."""
    rows = scaling_table(study_of(samples_of([None] * 6) + samples_of([1.2, 0.9], "identity")), CFG).rows
    assert [(row["policy"], row["k"]) for row in rows] == [
        *(("base", k) for k in (1, 2, 4, 6)),
        *(("identity", k) for k in (1, 2)),
    ]
    beside = [row["identity_fast_1_at_k"] for row in rows[:4]]
    assert [value_of(cell) for cell in beside[:2]] == pytest.approx([0.5, 1.0])
    assert beside[2:] == [None, None]
    assert [row["is_above"] for row in rows[:4]] == [False, False, None, None]


def test_tasks_with_fewer_samples_limit_k() -> None:
    """K is what every task and seed has."""
    scored = samples_of([2.0] * 5) + samples_of([2.0] * 3, task=2)
    assert [row["k"] for row in scaling_table(study_of(scored), CFG).rows] == [1, 2, 3]


def test_successes_dealt_anew_lie_above_a_curve_of_unlike_tasks() -> None:
    """Four successes all in one of two tasks: at k = 4 the curve has 1/2; dealt over both, one task rarely has all."""
    rows = scaling_table(study_of(samples_of([2.0] * 4) + samples_of([0.5] * 4, task=2)), CFG).rows
    assert value_of(rows[-1]["fast_1_at_k"]) == 0.5
    dealt = rows[-1]["dealt"]
    assert isinstance(dealt, Band) and dealt.high == 1.0 and dealt.low >= 0.5


def test_above_means_that_the_intervals_do_not_meet() -> None:
    """Touching is not above, and below is not."""
    control = Interval(0.1, 0.0, 0.2)
    ours = [Interval(low, low, 1.0) for low in (0.1, 0.2, 0.3)]
    assert [lies_above(one, control, 1000, 0.95) for one in ours] == [False, False, True]
    assert lies_above(None, control, 1000, 0.95) is None


def test_no_success_of_a_few_measurements_is_no_certainty() -> None:
    """0 of 10 may be 31 % (Clopper & Pearson's bound: 1 - 0.025 ** (1/10)), 0 of 40 may be 8.8 %; all of 10, anything;
    of none nothing is known."""
    nothing, ours = Interval(0.0, 0.0, 0.0), Interval(0.5, 0.3, 0.7)
    assert [lies_above(ours, nothing, num_trials, 0.95) for num_trials in (10, 11, 40)] == [False, True, True]
    assert lies_above(ours, Interval(1.0, 1.0, 1.0), 10, 0.95) is False
    assert lies_above(ours, nothing, 0, 0.95) is None


def test_a_policy_is_not_above_a_control_of_a_few_samples() -> None:
    """Two of three tasks have faster kernels, 42 % or more of all tasks; of 4 references none is, which may be 60 %, of
    80 none, which may be 4.5 %."""
    ours = [one for task in range(1, 9) for one in samples_of([2.0] * 2, task=task)]
    half = [one for task in range(9, 13) for one in samples_of([0.5] * 2, task=task)]
    for num_controls, is_above in ((1, False), (20, True)):
        controls = [one for task in range(1, 5) for one in samples_of([1.0] * num_controls, "identity", task)]
        rows = scaling_table(study_of([*ours, *half, *controls]), CFG).rows
        assert (rows[0]["policy"], rows[0]["k"], rows[0]["is_above"]) == ("base", 1, is_above)
