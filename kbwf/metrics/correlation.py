"""Does surprisal go with speedup: rank correlations. Axes: P tasks, N samples of a task.

Pooled over tasks a correlation mixes two things: whether surprising samples are faster than their siblings, which a
strategy can use, and whether surprising tasks are faster tasks, which it cannot. Both are given; only the mean over
tasks speaks for selection. p-values take samples as independent, as the published ones do.
"""

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from scipy import stats

from kbwf.metrics.statistics import Interval, Missing, bootstrap_mean


@dataclass(frozen=True)
class Correlation:
    """A rank correlation."""

    rho: float
    p_value: float
    """Two-sided, by Student's t."""
    num_samples: int


@dataclass(frozen=True)
class TaskCorrelations:
    """The same correlation three ways."""

    pooled: Correlation | Missing
    """Over all samples of all tasks, as published."""
    by_task_P: tuple[Correlation | Missing, ...]
    mean: Interval | Missing
    """Unweighted mean of the tasks' rho, with a bootstrap interval over tasks."""


def spearman(x_N: Sequence[float], y_N: Sequence[float]) -> Correlation | Missing:
    """Spearman's rank correlation, ties at their mean rank.

    The published raw correlation is of log-probability and speedup: surprisal has the opposite sign.

    Raises:
        ValueError: the lengths differ, or a value is not finite.
    """
    x, y = checked_columns(x_N, y_N)
    reason = _no_ranking(3, x, y)
    if reason:
        return Missing(reason)
    result = stats.spearmanr(x, y)
    return Correlation(float(result.statistic), float(result.pvalue), len(x))


def partial_spearman(x_N: Sequence[float], y_N: Sequence[float], control_N: Sequence[float]) -> Correlation | Missing:
    """Spearman's correlation of x and y with the control's ranks taken out of both.

    (r_xy - r_xc r_yc) / √((1 - r_xc²)(1 - r_yc²)) on ranks, with n - 3 degrees of freedom, as R's ppcor and Python's
    pingouin have it (Kim, ppcor: An R Package for a Fast Calculation to Semi-partial Correlation Coefficients, 2015).

    Raises:
        ValueError: the lengths differ, or a value is not finite.
    """
    x, y, control = checked_columns(x_N, y_N, control_N)
    reason = _no_ranking(4, x, y, control)
    if reason:
        return Missing(reason)
    r_xy, r_xc, r_yc = np.corrcoef([stats.rankdata(one) for one in (x, y, control)])[[0, 0, 1], [1, 2, 2]]
    left = (1 - r_xc**2) * (1 - r_yc**2)
    if left < 1e-12:
        return Missing("the control ranks the samples exactly as one of the two does, so that nothing is left")
    rho = float(np.clip((r_xy - r_xc * r_yc) / math.sqrt(left), -1, 1))
    return Correlation(rho, _p_value(rho, len(x) - 3), len(x))


def _p_value(rho: float, degrees: int) -> float:
    if abs(rho) == 1:
        return 0.0
    return float(2 * stats.t.sf(abs(rho) * math.sqrt(degrees / (1 - rho**2)), degrees))


def correlate_by_task(
    x_P_N: Sequence[Sequence[float]] | None,
    y_P_N: Sequence[Sequence[float]],
    num_resamples: int,
    seed: int,
    confidence_level: float,
    control_P_N: Sequence[Sequence[float]] | None = None,
) -> TaskCorrelations | Missing:
    """Spearman's correlation pooled, per task, and averaged over tasks; partial if there is a control.

    Args:
        x_P_N: surprisals of the correct samples, all seeds of a task together; None without log-probabilities.
        y_P_N: their speedups.
        control_P_N: their numbers of tokens.

    Raises:
        ValueError: the shapes differ, or a value is not finite.
    """
    if x_P_N is None:
        return Missing("no log-probabilities")
    columns = [x_P_N, y_P_N] if control_P_N is None else [x_P_N, y_P_N, control_P_N]
    correlate = spearman if control_P_N is None else partial_spearman
    by_task_P = tuple(correlate(*task) for task in zip(*columns, strict=True))
    rhos_P = [[one.rho] for one in by_task_P if isinstance(one, Correlation)]
    mean = bootstrap_mean(rhos_P, num_resamples, seed, confidence_level)
    return TaskCorrelations(
        pooled=correlate(*(_flat(column) for column in columns)),
        by_task_P=by_task_P,
        mean=mean or Missing("no task has enough correct samples that differ"),
    )


def checked_columns(*columns: Sequence[float]) -> list[np.ndarray]:
    """One array for each column of numbers.

    Raises:
        ValueError: the lengths differ, or a value is not finite.
    """
    arrays = [np.asarray(column, dtype=float) for column in columns]
    if len({len(array) for array in arrays}) > 1:
        raise ValueError(f"one value per sample is needed in every column, got {[len(array) for array in arrays]}")
    if not all(np.isfinite(array).all() for array in arrays):
        raise ValueError("a value is not finite; leave out samples that have none")
    return arrays


def _no_ranking(least: int, *columns: np.ndarray) -> str:
    """Why there is nothing to correlate, or an empty string."""
    if len(columns[0]) < least:
        return f"{len(columns[0])} correct samples; a correlation needs {least}"
    if any((column == column[0]).all() for column in columns):
        return "one of the values is the same for all samples"
    return ""


def _flat(column_P_N: Sequence[Sequence[float]]) -> list[float]:
    return [value for values in column_P_N for value in values]
