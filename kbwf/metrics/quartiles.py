"""Where among the surprisals the fast kernels are: quartiles, and whether there is any spread to speak of.

Axes: P tasks, N samples of a task.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from statistics import fmean, geometric_mean

import numpy as np

from kbwf.metrics.correlation import checked_columns
from kbwf.metrics.statistics import Missing

HIGH_SPREAD_NATS = 1.0
"""The paper's threshold: surprisal is to be used on tasks whose log-probabilities spread more than this."""


@dataclass(frozen=True)
class Quartile:
    """A quarter of the correct samples, by surprisal."""

    num_samples: int
    surprisal_low_nats: float
    surprisal_high_nats: float
    success: float
    """Fraction with speedup > 1."""
    speedup_mean: float
    speedup_geomean: float
    tokens_mean: float | None


@dataclass(frozen=True)
class Spread:
    """How much the log-probabilities of one task's samples differ."""

    std_nats: float
    is_high: bool
    """Above `HIGH_SPREAD_NATS`: the paper's condition for selection by surprisal."""


def surprisal_quartiles(
    surprisals_P_N: Sequence[Sequence[float]] | None,
    speedups_P_N: Sequence[Sequence[float]],
    num_tokens_P_N: Sequence[Sequence[float]] | None,
    *,
    is_within_task: bool,
) -> tuple[Quartile, ...] | Missing:
    """Four quarters of the correct samples, the highest surprisal first (the paper's Q1).

    Sizes differ by one at most (per task, if within tasks); the first quarters are the larger ones. Equal surprisals
    stand in the order of the samples.

    Args:
        num_tokens_P_N: None where nobody counted them; the quarters have no `tokens_mean` then.
        is_within_task: rank each task's samples among themselves, and put the tasks' quarters together. Otherwise all
            samples are ranked together, as published, and a quarter may hold other tasks than another.

    Raises:
        ValueError: the shapes differ, or a value is not finite.
    """
    if surprisals_P_N is None:
        return Missing("no log-probabilities")
    ranked = [surprisals_P_N, speedups_P_N, *([] if num_tokens_P_N is None else [num_tokens_P_N])]
    tasks = [checked_columns(*columns) for columns in zip(*ranked, strict=True) if len(columns[0])]
    if not is_within_task and tasks:
        tasks = [[np.concatenate(column) for column in zip(*tasks, strict=True)]]
    quarters: list[list[np.ndarray]] = [[], [], [], []]
    for columns in tasks:
        table = np.array(columns)
        for quarter, members in zip(quarters, np.array_split(np.argsort(-table[0], kind="stable"), 4), strict=True):
            quarter.append(table[:, members])
    joined = [np.concatenate(quarter, axis=1) if quarter else np.empty((len(ranked), 0)) for quarter in quarters]
    if not joined[-1].size:
        return Missing("fewer than four correct samples" + (" in every task" if is_within_task else ""))
    return tuple(_quartile(*quarter) for quarter in joined)


def _quartile(surprisals: np.ndarray, speedups: np.ndarray, num_tokens: np.ndarray | None = None) -> Quartile:
    return Quartile(
        num_samples=len(speedups),
        surprisal_low_nats=float(surprisals.min()),
        surprisal_high_nats=float(surprisals.max()),
        success=float((speedups > 1).mean()),
        speedup_mean=fmean(speedups),
        speedup_geomean=geometric_mean(speedups),
        tokens_mean=None if num_tokens is None else fmean(num_tokens),
    )


def logprob_spread(surprisals_N: Sequence[float] | None) -> Spread | Missing:
    """Sample standard deviation of one task's surprisals, against the paper's threshold.

    Raises:
        ValueError: a value is not finite.
    """
    if surprisals_N is None:
        return Missing("no log-probabilities")
    (surprisals,) = checked_columns(surprisals_N)
    if len(surprisals) < 2:
        return Missing("fewer than two samples")
    std_nats = float(surprisals.std(ddof=1))
    return Spread(std_nats, std_nats > HIGH_SPREAD_NATS)
