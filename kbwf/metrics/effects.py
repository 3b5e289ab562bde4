"""How large a difference is, and what the published tests say of it. Axes: P tasks, S seeds, N pairs.

The tests here take pairs as independent. Pairs of one task under several seeds are not: they share the task. Given such
pairs, a p-value is smaller than it should be, and is shown beside the published one only; the claim itself rests on
`kbwf.metrics.decision`.
"""

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

import numpy as np
from scipy import stats

from kbwf.metrics.statistics import Interval, Missing, bootstrap_mean

_MAX_EXACT_PAIRS = 16
"""With ties, up to this many pairs, all patterns of signs are gone through; scipy's tables know no ties."""


@dataclass(frozen=True)
class WilcoxonTest:
    """Wilcoxon's signed-rank test of log speedup ratios."""

    statistic: float
    """Two-sided: the smaller of the two rank sums; greater: the rank sum of the pairs in favour."""
    p_value: float
    num_pairs: int
    num_equal: int
    """Pairs of equal speedup, which are left out."""


@dataclass(frozen=True)
class SignTest:
    """Exact one-sided sign test of discordant pairs."""

    p_value: float
    num_for: int
    num_against: int


def cohens_h(p_ours: float, p_theirs: float) -> float:
    """Effect size of two proportions, 2 asin √p - 2 asin √q (Cohen, Statistical Power Analysis, 1988, chapter 6).

    0.2 is called small, 0.5 medium, 0.8 large.

    Raises:
        ValueError: a proportion is not in [0, 1].
    """
    if not (0 <= p_ours <= 1 and 0 <= p_theirs <= 1):
        raise ValueError(f"cohens_h needs proportions between 0 and 1, got {p_ours} and {p_theirs}")
    return 2 * math.asin(math.sqrt(p_ours)) - 2 * math.asin(math.sqrt(p_theirs))


def wilcoxon_log_ratios(
    ours_N: Sequence[float], theirs_N: Sequence[float], alternative: Literal["two-sided", "greater"] = "two-sided"
) -> WilcoxonTest | Missing:
    """Signed-rank test of whether log(ours / theirs) is centred at 0; two-sided is the published form.

    Logarithms, so that a ratio of 1/2 weighs as much as one of 2. If no pair differs the p-value is 1.

    Args:
        ours_N: speedups of correct kernels, one per pair.

    Raises:
        ValueError: the lengths differ, or a speedup is not positive.
    """
    ratios = _log_ratios(ours_N, theirs_N)
    if not ratios.size:
        return Missing("no pair of correct kernels")
    different = ratios[ratios != 0]
    num_equal = len(ratios) - len(different)
    if not different.size:
        return WilcoxonTest(0.0, 1.0, len(ratios), num_equal)
    has_ties = len(np.unique(np.abs(different))) < len(different)
    is_enumerable = has_ties and len(different) <= _MAX_EXACT_PAIRS
    method = stats.PermutationMethod(n_resamples=2**_MAX_EXACT_PAIRS) if is_enumerable else "auto"
    test = stats.wilcoxon(different, alternative=alternative, method=method)
    return WilcoxonTest(float(test.statistic), float(test.pvalue), len(ratios), num_equal)


def sign_test(num_for: int, num_against: int) -> SignTest:
    """Exact one-sided binomial test: of the pairs in which one succeeds and the other fails, are more than half ours?

    Without discordant pairs the p-value is 1.

    Raises:
        ValueError: a negative number.
    """
    if num_for < 0 or num_against < 0:
        raise ValueError(f"sign_test counts pairs, got {num_for} and {num_against}")
    if num_for + num_against == 0:
        return SignTest(1.0, 0, 0)
    p_value = float(stats.binomtest(num_for, num_for + num_against, alternative="greater").pvalue)
    return SignTest(p_value, num_for, num_against)


def speedup_ratio(
    ours_P_S: Sequence[Sequence[float]],
    theirs_P_S: Sequence[Sequence[float]],
    num_resamples: int,
    seed: int,
    confidence_level: float,
) -> Interval | Missing:
    """Geometric mean of ours / theirs over tasks and seeds, with a bootstrap interval over both.

    The mean of logarithms, because means of ratios favour both sides: with ratios 2 and 1/2 either is 1.25 times as
    fast as the other.

    Raises:
        ValueError: tasks or seeds do not match, or a speedup is not positive.
    """
    ratios_P_S = [_log_ratios(ours, theirs).tolist() for ours, theirs in zip(ours_P_S, theirs_P_S, strict=True)]
    interval = bootstrap_mean([ratios for ratios in ratios_P_S if ratios], num_resamples, seed, confidence_level)
    if interval is None:
        return Missing("no pair of correct kernels")
    return Interval(math.exp(interval.value), math.exp(interval.low), math.exp(interval.high))


def _log_ratios(ours_N: Sequence[float], theirs_N: Sequence[float]) -> np.ndarray:
    """Rounded, so that ratios which are equal but for the last digit tie."""
    ours, theirs = np.asarray(ours_N, dtype=float), np.asarray(theirs_N, dtype=float)
    if ours.shape != theirs.shape:
        raise ValueError(f"pairs need as many speedups on both sides, got {len(ours)} and {len(theirs)}")
    if not ((ours > 0) & (theirs > 0) & np.isfinite(ours) & np.isfinite(theirs)).all():
        raise ValueError("a speedup is not positive; leave out pairs in which one side has no correct kernel")
    ratios: np.ndarray = np.round(np.log(ours / theirs), 12)
    return ratios
