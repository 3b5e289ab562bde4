"""The over-sharpening probe: fixed samples of the base policy, scored by every checkpoint of a trajectory.

Axes: P tasks, N samples of a task, R resamples. Adaptation over-sharpens if the rank correlation of NLL and speedup
falls from checkpoint to checkpoint. The same samples are scored each time, so that the change is paired: its interval
comes from resamples that all checkpoints share, and is much narrower than the difference of two intervals.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from kbwf.metrics.statistics import Interval, Missing, bootstrap_mean, percentile_interval, resample

_MIN_SAMPLES = 3


@dataclass(frozen=True)
class ProbePoint:
    """One checkpoint."""

    policy_id: str
    rho: Interval | Missing
    """Spearman's correlation of NLL and speedup over all samples."""
    rho_change: Interval | Missing
    """Against the first checkpoint."""
    tail_rho: Interval | Missing
    """The same in the bottom quartile: the quarter that is least likely under the first checkpoint, where surprisal
    selects."""
    tail_rho_change: Interval | Missing
    nll_mean_nats: Interval
    """Mean over tasks of the mean over samples."""
    nll_mean_change_nats: Interval


def probe(
    nlls_by_policy_P_N: Mapping[str, Sequence[Sequence[float]]],
    speedups_P_N: Sequence[Sequence[float]],
    num_resamples: int,
    seed: int,
    confidence_level: float,
) -> list[ProbePoint] | Missing:
    """Correlations and mean NLL of every checkpoint, with bootstrap intervals over tasks and samples.

    The paper does not say what its bottom quartile is (its p-value there fits all 320 samples, not 80). Here it is one
    fixed set of samples, so that a change is not a change of members. The first checkpoint's NLLs, by which the set is
    chosen, are closer together in it than a later one's.

    Args:
        nlls_by_policy_P_N: NLL of each sample under each checkpoint, the base policy first.
        speedups_P_N: of the same samples; 0 for a failed one, as in the paper.

    Raises:
        ValueError: the shapes differ, a task has no samples, or a value is not finite.
    """
    tables = {policy_id: _flat(nlls_P_N) for policy_id, nlls_P_N in nlls_by_policy_P_N.items()}
    if not tables:
        return Missing("no checkpoint was probed")
    speedups, sizes_P = _flat(speedups_P_N), [len(speedups) for speedups in speedups_P_N]
    for policy_id, nlls_P_N in nlls_by_policy_P_N.items():
        if [len(nlls) for nlls in nlls_P_N] != sizes_P or not np.isfinite(tables[policy_id]).all():
            raise ValueError(f"{policy_id}: one finite NLL is needed for each of {sizes_P} samples")
    if not np.isfinite(speedups).all():
        raise ValueError("a speedup is not finite; a failed sample has 0")
    if not speedups.size:
        return Missing("no samples")
    first_id = next(iter(tables))
    first = tables[first_id]
    in_tail = np.zeros(len(first), dtype=bool)
    in_tail[np.argsort(-first, kind="stable")[: len(first) // 4]] = True
    everything = _multiplicities(sizes_P, num_resamples, seed)
    tail_sizes_P = [int(members.sum()) for members in np.split(in_tail, np.cumsum(sizes_P)[:-1])]
    tail = _multiplicities([size for size in tail_sizes_P if size], num_resamples, seed)

    points = []
    for policy_id, nlls in tables.items():
        nlls_P_N, first_P_N = nlls_by_policy_P_N[policy_id], nlls_by_policy_P_N[first_id]
        changes_P_N = [np.subtract(*pair).tolist() for pair in zip(nlls_P_N, first_P_N, strict=True)]
        nll_mean = bootstrap_mean(nlls_P_N, num_resamples, seed, confidence_level)
        nll_change = bootstrap_mean(changes_P_N, num_resamples, seed, confidence_level)
        assert nll_mean is not None, "there are samples"
        assert nll_change is not None, "there are samples"
        points.append(
            ProbePoint(
                policy_id,
                *_correlations(nlls, first, speedups, everything, confidence_level),
                *_correlations(nlls[in_tail], first[in_tail], speedups[in_tail], tail, confidence_level),
                nll_mean,
                nll_change,
            )
        )
    return points


def _correlations(
    nlls: np.ndarray, first: np.ndarray, speedups: np.ndarray, counts_R_N: np.ndarray, confidence_level: float
) -> tuple[Interval | Missing, Interval | Missing]:
    """Of a checkpoint, and its change against the first. The last resample is the study itself."""
    rhos_R, first_rhos_R = _spearman(nlls, speedups, counts_R_N), _spearman(first, speedups, counts_R_N)
    if len(nlls) < _MIN_SAMPLES or np.isnan(rhos_R[-1]) or np.isnan(first_rhos_R[-1]):
        missing = Missing(f"{len(nlls)} samples; a correlation needs {_MIN_SAMPLES}, and values that differ")
        return missing, missing
    # A resample can consist of one sample many times over, which has no correlation.
    is_known_R = ~(np.isnan(rhos_R) | np.isnan(first_rhos_R))
    rhos_R, changes_R = rhos_R[is_known_R], (rhos_R - first_rhos_R)[is_known_R]
    return (
        percentile_interval(float(rhos_R[-1]), rhos_R, confidence_level),
        percentile_interval(float(changes_R[-1]), changes_R, confidence_level),
    )


def _multiplicities(sizes_P: Sequence[int], num_resamples: int, seed: int) -> np.ndarray:
    """Shape [R + 1, N]: how often each resample holds each sample; in the last row each once."""
    num_samples = sum(sizes_P)
    if not num_samples:
        return np.ones((1, 0))
    positions_R_PN = resample(sizes_P, num_resamples, seed).reshape(num_resamples, -1)
    counts_R_N = [np.bincount(row[row >= 0], minlength=num_samples) for row in positions_R_PN]
    return np.array([*counts_R_N, np.ones(num_samples, dtype=int)])


def _spearman(x_N: np.ndarray, y_N: np.ndarray, counts_R_N: np.ndarray) -> np.ndarray:
    """Spearman's correlation in each resample; NaN where x or y does not vary.

    Ranks come from the multiplicities: ranking each resample anew takes many times as long.
    """
    totals_R = counts_R_N.sum(axis=1, keepdims=True)
    middle_R = (totals_R + 1) / 2
    x_R_N, y_R_N = _ranks(x_N, counts_R_N) - middle_R, _ranks(y_N, counts_R_N) - middle_R
    covariance_R, x_variance_R, y_variance_R = (
        (counts_R_N * left * right).sum(axis=1) for left, right in ((x_R_N, y_R_N), (x_R_N, x_R_N), (y_R_N, y_R_N))
    )
    with np.errstate(invalid="ignore", divide="ignore"):
        rhos_R: np.ndarray = covariance_R / np.sqrt(x_variance_R * y_variance_R)
    return rhos_R


def _ranks(values_N: np.ndarray, counts_R_N: np.ndarray) -> np.ndarray:
    """Mean rank of each value in each resample."""
    distinct_N = np.unique(values_N, return_inverse=True)[1]
    counts_R_D = np.stack([np.bincount(distinct_N, weights=row) for row in counts_R_N])
    ranks_R_D = np.cumsum(counts_R_D, axis=1) - counts_R_D / 2 + 0.5
    ranks_R_N: np.ndarray = ranks_R_D[:, distinct_N]
    return ranks_R_N


def _flat(values_P_N: Sequence[Sequence[float]]) -> np.ndarray:
    return np.array([value for values in values_P_N for value in values], dtype=float)
