"""The scaling curve: what the best of k draws is worth, from K ≥ k draws. Axes: P tasks, S seeds, K samples.

Both columns average over all ways to leave out K - k of the K samples, so that they are unbiased and do not depend on
the samples' order: the success by `pass_at_k`, the best speedup by the same weights of order statistics.
"""

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from kbwf.metrics.pass_at_k import pass_at_k
from kbwf.metrics.statistics import Interval, Missing, bootstrap_mean


@dataclass(frozen=True)
class ScalingPoint:
    """One k of the curve."""

    k: int
    success: Interval
    """Probability that the best of k draws is correct and has speedup > 1."""
    best_speedup: Interval
    """Expected speedup of the fastest of k draws; 0 where all k failed, as the reward has it."""


@dataclass(frozen=True)
class EquivalentK:
    """How many draws of the base policy give what a method gives."""

    k: float
    """On the curve; 1 below it and K above it, where only the side is known."""
    is_below: bool
    is_above: bool

    def __str__(self) -> str:
        """`< 1`, `> 64`, or the number of draws."""
        if self.is_below or self.is_above:
            return f"{'<' if self.is_below else '>'} {self.k:.0f}"
        return f"{self.k:.1f}"


def numbers_of_draws(num_samples: int) -> list[int]:
    """1, 2, 4 … and the number of samples itself."""
    if num_samples < 1:
        raise ValueError(f"a curve needs at least one sample, got {num_samples}")
    powers = [2**exponent for exponent in range(num_samples.bit_length())]
    return powers if powers[-1] == num_samples else [*powers, num_samples]


def expected_best_of_k(values_K: Sequence[float], k: int) -> float | None:
    """Expected maximum of k of the values, drawn without replacement.

    The i-th smallest of n is the maximum with probability C(i, k)/C(n, k) - C(i-1, k)/C(n, k): all k lie among the
    smallest i, and not all among the smallest i-1.

    Returns:
        The expectation; None if there are fewer than k values, where no unbiased estimate exists.

    Raises:
        ValueError: k < 1.
    """
    if k < 1:
        raise ValueError(f"expected_best_of_k needs k >= 1, got {k}")
    n = len(values_K)
    if n < k:
        return None
    drawn = np.arange(k)
    all_among_smallest_N = np.prod(np.maximum(np.arange(1, n + 1)[:, None] - drawn, 0) / (n - drawn), axis=1)
    return float(np.sort(np.asarray(values_K, dtype=float)) @ np.diff(all_among_smallest_N, prepend=0.0))


def scaling_curve(
    speedups_P_S_K: Sequence[Sequence[Sequence[float | None]]], num_resamples: int, seed: int, confidence_level: float
) -> list[ScalingPoint] | Missing:
    """Success and best speedup for k = 1, 2, 4 … K, averaged over seeds and tasks, with bootstrap intervals over both.

    Args:
        speedups_P_S_K: of every sample, None for a failed one; lower bounds of the speedups give the confident curve.
            K is the least number of samples of a task and seed.

    Raises:
        ValueError: a task has no seed.
    """
    sizes = [len(samples) for seeds in speedups_P_S_K for samples in seeds]
    if not sizes or min(sizes) == 0:
        return Missing("no samples" if not any(sizes) else "a task has no samples under one of its seeds")
    curve = []
    for k in numbers_of_draws(min(sizes)):
        columns = []
        for value_of in (_success, _best_speedup):
            values_P_S = [[value_of(samples, k) for samples in seeds] for seeds in speedups_P_S_K]
            interval = bootstrap_mean(values_P_S, num_resamples, seed, confidence_level)
            assert interval is not None, "there are tasks: they have samples"
            columns.append(interval)
        curve.append(ScalingPoint(k, *columns))
    return curve


def dealt_scaling(
    successes_P_S_K: Sequence[Sequence[Sequence[bool]]], num_permutations: int, seed: int, confidence_level: float
) -> list[tuple[int, float, float]] | Missing:
    """(k, low, high): the curve when successes are dealt anew among all samples of all tasks.

    The same number of successes, but no task is easier than another: that is what lies between the curve and 1 -
    (1 - p)^k. A curve inside the band would say that tasks do not differ; as a rule it lies below.

    Raises:
        ValueError: a task has no seed.
    """
    sizes = np.array([len(samples) for seeds in successes_P_S_K for samples in seeds])
    if not sizes.size or sizes.min() == 0:
        return Missing("no samples" if not sizes.any() else "a task has no samples under one of its seeds")
    weights = np.concatenate([np.full(len(seeds), 1 / len(seeds)) for seeds in successes_P_S_K]) / len(successes_P_S_K)
    total = sum(bool(one) for seeds in successes_P_S_K for samples in seeds for one in samples)
    counts_R_C = np.random.default_rng(seed).multivariate_hypergeometric(
        sizes, total, size=num_permutations, method="marginals"
    )
    tail = (1 - confidence_level) / 2
    bands = []
    for k in numbers_of_draws(int(sizes.min())):
        values_R = np.zeros(num_permutations)
        for size in np.unique(sizes):
            table = np.array([pass_at_k(int(size), count, k) for count in range(size + 1)], dtype=float)
            of_size = sizes == size
            values_R += table[counts_R_C[:, of_size]] @ weights[of_size]
        low, high = np.quantile(values_R, [tail, 1 - tail])
        bands.append((k, float(low), float(high)))
    return bands


def _success(speedups_K: Sequence[float | None], k: int) -> float:
    probability = pass_at_k(len(speedups_K), sum(one is not None and one > 1 for one in speedups_K), k)
    assert probability is not None, "k is at most the number of samples"
    return probability


def _best_speedup(speedups_K: Sequence[float | None], k: int) -> float:
    best = expected_best_of_k([one or 0.0 for one in speedups_K], k)
    assert best is not None, "k is at most the number of samples"
    return best


def equivalent_k(fast_1: float, successes_by_k: Sequence[tuple[int, float]]) -> EquivalentK:
    """Where a method's fast_1 lies on a scaling curve.

    Between two points the curve is taken to be straight in log k, an assumption that matters little where k doubles. On
    a flat stretch the answer is its left end: the fewest draws that do. The curve counts as known: its own interval and
    that of fast_1 are not in the answer, so place the interval's bounds too.

    Args:
        fast_1: fraction of tasks that the method solves.
        successes_by_k: (k, success) of the curve, k rising.

    Raises:
        ValueError: no point, k that does not rise, or a curve that falls (it is of other samples than it should be).
    """
    ks, successes = zip(*successes_by_k, strict=True) if successes_by_k else ((), ())
    if not ks or min(np.diff(ks), default=1) <= 0 or min(np.diff(successes), default=0.0) < -1e-9:
        raise ValueError(f"equivalent_k needs a curve of rising k that does not fall, got {list(successes_by_k)}")
    if fast_1 < successes[0]:
        return EquivalentK(ks[0], is_below=True, is_above=False)
    if fast_1 > max(successes):
        return EquivalentK(ks[-1], is_below=False, is_above=True)
    first = next(position for position, success in enumerate(successes) if success >= fast_1)
    if first == 0:
        return EquivalentK(ks[0], is_below=False, is_above=False)
    left, right = successes[first - 1], successes[first]
    share = (fast_1 - left) / (right - left)
    k = math.exp((1 - share) * math.log(ks[first - 1]) + share * math.log(ks[first]))
    return EquivalentK(k, is_below=False, is_above=False)
