"""The project's one bootstrap, and what an estimate is reported as. Axes: P tasks, S seeds (or samples) of a task, B
blocks of a sample, N members of a group, R resamples.

Speedups of single kernels rest on this module too, so that an edit here measures every kernel anew: what only the
report needs belongs elsewhere.

Why not `scipy.stats.bootstrap`: it resamples one axis, of which every member is drawn alike. Seeds of one task share
the task, blocks of one kernel share a process; both levels must be drawn, and groups may differ in size. With one group
this is the ordinary percentile bootstrap (Efron & Tibshirani, An Introduction to the Bootstrap, 1993, chapter 13).
Drawing at both levels counts the inner spread a little twice (Davison & Hinkley, Bootstrap Methods and Their
Application, 1997, section 3.8): intervals are rather too wide than too narrow.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np


@dataclass(frozen=True)
class Interval:
    """An estimate with the bounds of its percentile bootstrap interval."""

    value: float
    low: float
    high: float

    def covers(self, number: float) -> bool:
        """The number lies between the bounds, or on one."""
        return self.low <= number <= self.high


@dataclass(frozen=True)
class Missing:
    """A number that cannot be had from this study, and why: what a report prints in its place."""

    reason: str


def bootstrap_mean(
    values_P_S: Sequence[Sequence[float]], num_resamples: int, seed: int, confidence_level: float
) -> Interval | None:
    """Mean over tasks of each task's mean over seeds, with a hierarchical percentile bootstrap interval.

    Each resample draws tasks with replacement, then seeds with replacement inside each drawn task, anew for every draw
    of the task. Tasks may have different numbers of seeds. If all values are equal the interval has no width: the
    bootstrap knows only what was observed.

    Returns:
        The interval; None without tasks.

    Raises:
        ValueError: a task has no value, or a value is NaN.
    """
    if not values_P_S:
        return None
    drawn_R_P_S = _drawn(values_P_S, num_resamples, seed)
    means_R = _over_members(np.mean, np.nanmean, drawn_R_P_S).mean(axis=1)
    return percentile_interval(float(np.mean([np.mean(values) for values in values_P_S])), means_R, confidence_level)


def bootstrap_median(
    ratios_S_B: Sequence[Sequence[float]], num_resamples: int, seed: int, confidence_level: float
) -> Interval | None:
    """Median over samples of each sample's median over blocks, with a percentile bootstrap clustered by sample.

    Blocks of one sample share a process, and with it clocks and memory layout, so that they are no independent draws:
    each resample draws samples with replacement, then blocks inside each. One sample alone gives the percentile
    bootstrap over its blocks.

    Returns:
        The interval, widened to hold the estimate if need be; None without samples.

    Raises:
        ValueError: a sample has no block, or a ratio is NaN.
    """
    if not ratios_S_B:
        return None
    drawn_R_S_B = _drawn(ratios_S_B, num_resamples, seed)
    medians_R = np.median(_over_members(np.median, np.nanmedian, drawn_R_S_B), axis=1)
    value = float(np.median([np.median(ratios) for ratios in ratios_S_B]))
    return percentile_interval(value, medians_R, confidence_level)


def std_over_seeds(values_P_S: Sequence[Sequence[float]]) -> float | None:
    """Sample standard deviation, over seeds, of the mean over tasks; None with fewer than two seeds, or without tasks.

    Raises:
        ValueError: tasks have different numbers of seeds.
    """
    if not values_P_S or len(values_P_S[0]) < 2:
        return None
    return float(np.asarray(values_P_S, dtype=float).mean(axis=0).std(ddof=1))


def resample(sizes_P: Sequence[int], num_resamples: int, seed: int) -> np.ndarray:
    """Draw groups with replacement, then as many members of each as it has.

    Args:
        sizes_P: number of members of each group.

    Returns:
        Integers of shape [R, P, S_max]: positions in the groups' members, laid end to end; -1 pads smaller groups.

    Raises:
        ValueError: there is no group, or a group has no members.
    """
    sizes = np.asarray(sizes_P)
    if not sizes.size or (sizes == 0).any():
        where = f"group {int(np.argmin(sizes))} of {len(sizes)}" if sizes.size else "the list of groups"
        raise ValueError(f"{where} has no values; leave it out")
    rng = np.random.default_rng(seed)
    groups_R_P = rng.integers(len(sizes), size=(num_resamples, len(sizes)))
    sizes_R_P = sizes[groups_R_P][:, :, None]
    members_R_P_S = (rng.random((*groups_R_P.shape, sizes.max())) * sizes_R_P).astype(int)
    positions_R_P_S: np.ndarray = members_R_P_S + (np.cumsum(sizes) - sizes)[groups_R_P][:, :, None]
    if (sizes != sizes[0]).any():
        positions_R_P_S[np.arange(sizes.max()) >= sizes_R_P] = -1
    return positions_R_P_S


def percentile_interval(value: float, estimates_R: np.ndarray, confidence_level: float) -> Interval:
    """The estimate with percentiles of its resamples, widened to hold it if need be."""
    tail = (1 - confidence_level) / 2
    low, high = np.quantile(estimates_R, [tail, 1 - tail])
    return Interval(value, min(value, float(low)), max(value, float(high)))


def _drawn(values_P_S: Sequence[Sequence[float]], num_resamples: int, seed: int) -> np.ndarray:
    """Resampled values of shape [R, P, S_max]; NaN pads."""
    positions_R_P_S = resample([len(values) for values in values_P_S], num_resamples, seed)
    flat = np.concatenate([np.asarray(values, dtype=float) for values in values_P_S])
    if np.isnan(flat).any():
        raise ValueError("NaN among the values to resample, which would pass for padding; leave out what is not known")
    drawn_R_P_S: np.ndarray = np.append(flat, np.nan)[positions_R_P_S]
    return drawn_R_P_S


def _over_members(
    plain: Callable[..., np.ndarray], skipping: Callable[..., np.ndarray], drawn_R_P_S: np.ndarray
) -> np.ndarray:
    """Shape [R, P]; without padding the plain function gives the same, many times faster."""
    return (skipping if np.isnan(drawn_R_P_S).any() else plain)(drawn_R_P_S, axis=2)
