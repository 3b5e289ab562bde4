"""Intervals by bootstrap. Axes: P tasks, S seeds (or samples) of a task, B blocks of a sample, R resamples."""

from collections.abc import Sequence
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
        ValueError: a task has no value.
    """
    if not values_P_S:
        return None
    drawn_R_P_S = _resample_twice(values_P_S, num_resamples, seed)
    means_R = np.nanmean(drawn_R_P_S, axis=2).mean(axis=1)
    return _percentiles(float(np.mean([np.mean(values) for values in values_P_S])), means_R, confidence_level)


def bootstrap_median(
    ratios_S_B: Sequence[Sequence[float]], num_resamples: int, seed: int, confidence_level: float
) -> Interval | None:
    """Median over samples of each sample's median over blocks, with a percentile bootstrap clustered by sample.

    Blocks of one sample share a process, and with it clocks and memory layout, so that they are no independent draws:
    each resample draws samples with replacement, then blocks inside each.

    Returns:
        The interval, widened to hold the estimate if need be; None without samples.

    Raises:
        ValueError: a sample has no block.
    """
    if not ratios_S_B:
        return None
    drawn_R_S_B = _resample_twice(ratios_S_B, num_resamples, seed)
    medians_R = np.median(np.nanmedian(drawn_R_S_B, axis=2), axis=1)
    return _percentiles(float(np.median([np.median(ratios) for ratios in ratios_S_B])), medians_R, confidence_level)


def std_over_seeds(values_P_S: Sequence[Sequence[float]]) -> float | None:
    """Sample standard deviation, over seeds, of the mean over tasks; None with fewer than two seeds, or without tasks.

    Raises:
        ValueError: tasks have different numbers of seeds.
    """
    if not values_P_S or len(values_P_S[0]) < 2:
        return None
    return float(np.asarray(values_P_S, dtype=float).mean(axis=0).std(ddof=1))


def _resample_twice(values_P_S: Sequence[Sequence[float]], num_resamples: int, seed: int) -> np.ndarray:
    """Shape [R, P, S_max]: groups drawn with replacement, then as many values of each as it has; NaN pads the rest."""
    sizes_P = np.array([len(values) for values in values_P_S])
    if (sizes_P == 0).any():
        raise ValueError(f"group {int(np.argmin(sizes_P))} of {len(sizes_P)} has no values; leave it out")
    padded_P_S = np.full((len(sizes_P), sizes_P.max()), np.nan)
    for row, values in zip(padded_P_S, values_P_S, strict=True):
        row[: len(values)] = values
    rng = np.random.default_rng(seed)
    groups_R_P = rng.integers(len(sizes_P), size=(num_resamples, len(sizes_P)))
    sizes_R_P = sizes_P[groups_R_P][:, :, None]
    positions_R_P_S = (rng.random((*groups_R_P.shape, sizes_P.max())) * sizes_R_P).astype(int)
    drawn_R_P_S: np.ndarray = padded_P_S[groups_R_P[:, :, None], positions_R_P_S]
    drawn_R_P_S[np.arange(sizes_P.max()) >= sizes_R_P] = np.nan
    return drawn_R_P_S


def _percentiles(value: float, estimates_R: np.ndarray, confidence_level: float) -> Interval:
    tail = (1 - confidence_level) / 2
    low, high = np.quantile(estimates_R, [tail, 1 - tail])
    return Interval(value, min(value, float(low)), max(value, float(high)))
