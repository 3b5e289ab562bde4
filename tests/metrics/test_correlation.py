"""Rank correlations."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import stats

from kbwf.metrics.correlation import Correlation, correlate_by_task, partial_spearman, spearman
from kbwf.metrics.statistics import Missing

# Ten samples with ties, and what pingouin 0.7.0 says of them: partial_corr(..., method="spearman") and corr(...).
X = [2.1, 0.4, 1.7, 3.3, 0.9, 2.8, 1.1, 3.9, 0.2, 2.1]
Y = [1.5, 0.8, 2.2, 1.9, 0.7, 3.1, 0.9, 1.4, 1.2, 1.0]
CONTROL = [12, 9, 7, 15, 9, 14, 8, 11, 20, 6]
PARTIAL = Correlation(pytest.approx(0.6119676443811447), pytest.approx(0.07985692535276012), 10)
RAW = Correlation(pytest.approx(0.6079055436800646), pytest.approx(0.06225488170893077), 10)


def test_spearman_by_hand() -> None:
    """Ranks 1 2 3 4 5 against 2 1 4 3 5 differ by 1 four times: 1 - 6 · 4 / 120."""
    correlation = spearman([10, 20, 30, 40, 50], [0.2, 0.1, 0.4, 0.3, 9.0])
    assert isinstance(correlation, Correlation)
    assert correlation.rho == pytest.approx(0.8)


def test_partial_spearman_by_hand() -> None:
    """r_xy = 0.8, r_xc = 0.9, r_yc = 0.6: 0.26 / √(0.19 · 0.64); with two degrees of freedom p is 1 - ρ."""
    partial = partial_spearman([1, 2, 3, 4, 5], [2, 1, 4, 3, 5], [1, 2, 3, 5, 4])
    rho = 0.26 / (0.19 * 0.64) ** 0.5
    assert partial == Correlation(pytest.approx(rho), pytest.approx(1 - rho), 5)


def test_a_published_implementation_agrees() -> None:
    """Raw and partial correlation of ten samples with ties, and their p-values."""
    assert spearman(X, Y) == RAW
    assert partial_spearman(X, Y, CONTROL) == PARTIAL


@given(st.lists(st.tuples(*[st.integers(0, 6)] * 3), min_size=5, max_size=12))
@settings(derandomize=True, deadline=None, max_examples=60)
def test_partial_correlation_is_that_of_what_a_line_leaves(rows: list[tuple[int, ...]]) -> None:
    """Ranks minus their regression on the control's ranks, correlated: the other definition of the same thing."""
    partial = partial_spearman(*zip(*rows, strict=True))
    if isinstance(partial, Missing):
        return
    x, y, control = (stats.rankdata(column) for column in zip(*rows, strict=True))
    residuals = [ranks - np.polyval(np.polyfit(control, ranks, 1), control) for ranks in (x, y)]
    assert partial.rho == pytest.approx(np.corrcoef(residuals)[0, 1], abs=1e-6)
    assert 0 <= partial.p_value <= 1


def test_a_correlation_that_the_control_explains_vanishes() -> None:
    """Speed and surprisal both follow the length but for swaps that have nothing to do with each other."""
    raw = spearman([1, 2, 3, 4, 6, 5, 8, 7], [2, 1, 4, 3, 5, 6, 7, 8])
    partial = partial_spearman([1, 2, 3, 4, 6, 5, 8, 7], [2, 1, 4, 3, 5, 6, 7, 8], [1, 2, 3, 4, 5, 6, 7, 8])
    assert isinstance(raw, Correlation) and isinstance(partial, Correlation)
    assert raw.rho > 0.9
    assert abs(partial.rho) < 0.06


def test_perfect_order_has_rho_one() -> None:
    """p is 0, not NaN, also where nothing is left over."""
    assert spearman([1, 2, 3], [1, 4, 9]) == Correlation(pytest.approx(1.0), pytest.approx(0.0, abs=1e-7), 3)
    assert partial_spearman([1, 2, 3, 4], [1, 2, 3, 4], [2, 4, 1, 3]) == Correlation(1.0, 0.0, 4)


def test_what_cannot_be_ranked_says_why() -> None:
    """Too few samples, no variation, or a control that says the same as the surprisal."""
    assert spearman([1, 2], [1, 2]) == Missing("2 correct samples; a correlation needs 3")
    assert spearman([], []) == Missing("0 correct samples; a correlation needs 3")
    assert spearman([1, 1, 1], [1, 2, 3]) == Missing("one of the values is the same for all samples")
    assert partial_spearman([1, 2, 3, 4], [4, 1, 3, 2], [5, 5, 5, 5]) == Missing(
        "one of the values is the same for all samples"
    )
    explained = partial_spearman([1, 2, 3, 4], [4, 1, 3, 2], [10, 20, 30, 40])
    assert isinstance(explained, Missing)
    assert "nothing is left" in explained.reason


def test_columns_that_do_not_fit_are_refused() -> None:
    """Different lengths, or NaN."""
    with pytest.raises(ValueError, match=r"got \[2, 3\]"):
        spearman([1, 2], [1, 2, 3])
    with pytest.raises(ValueError, match="not finite"):
        spearman([1, 2, float("nan")], [1, 2, 3])


def test_pooling_over_tasks_can_turn_a_correlation_round() -> None:
    """In each of two tasks surprising samples are slower; the task with high surprisals is the faster one."""
    found = correlate_by_task([[1, 2, 3], [11, 12, 13]], [[1.3, 1.2, 1.1], [9.3, 9.2, 9.1]], 200, 0, 0.95)
    assert not isinstance(found, Missing)
    assert isinstance(found.pooled, Correlation)
    assert found.pooled.rho == pytest.approx(19 / 35)  # ranks 3 2 1 6 5 4: 1 - 6 · 16 / 210
    assert [one.rho for one in found.by_task_P if isinstance(one, Correlation)] == pytest.approx([-1, -1])
    assert not isinstance(found.mean, Missing)
    assert (found.mean.low, found.mean.value, found.mean.high) == pytest.approx((-1, -1, -1))


def test_the_mean_leaves_out_tasks_without_a_correlation() -> None:
    """One task of ten samples, one with a single correct sample: the mean is the first's, and it can be partial."""
    found = correlate_by_task([X, [1.0]], [Y, [2.0]], 200, 0, 0.95, control_P_N=[CONTROL, [7]])
    assert not isinstance(found, Missing)
    assert found.by_task_P == (PARTIAL, Missing("1 correct samples; a correlation needs 4"))
    assert not isinstance(found.mean, Missing)
    assert found.mean.value == pytest.approx(PARTIAL.rho)
    assert isinstance(found.pooled, Correlation)
    assert found.pooled.num_samples == 11


def test_studies_without_the_numbers_say_so() -> None:
    """No log-probabilities, no tasks, no task with enough samples."""
    assert correlate_by_task(None, [[1.0]], 200, 0, 0.95) == Missing("no log-probabilities")
    for columns in ([], [[]], [[1.0, 2.0]]):
        found = correlate_by_task(columns, columns, 200, 0, 0.95)
        assert not isinstance(found, Missing)
        assert found.mean == Missing("no task has enough correct samples that differ")
        assert isinstance(found.pooled, Missing)
