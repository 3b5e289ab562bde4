"""What choosing the best step of a trajectory gives where its steps do not differ. Axes: P tasks, N steps from 0.

The best of several noisy numbers lies above the first even if nothing was learned. How far is answered by dealing each
task's successes anew among the steps: as many rollouts, as many successes, and no step better than another.
"""

from collections.abc import Sequence

import numpy as np

from kbwf.metrics.permutation import NullBand
from kbwf.metrics.statistics import Missing


def best_step_band(
    successes_P_N: Sequence[Sequence[int]], num_rollouts: int, num_permutations: int, seed: int, confidence_level: float
) -> NullBand | Missing:
    """Gain of the best step over step 0, in sample fast_1, beside what it is when steps are dealt anew.

    Args:
        successes_P_N: successful rollouts of each task at each step.
        num_rollouts: of one task at one step.

    Raises:
        ValueError: more successes than rollouts, or tasks with different numbers of steps.
    """
    successes = np.asarray(successes_P_N)
    if not successes.size:
        return Missing("no task was adapted")
    if successes.ndim != 2 or successes.max() > num_rollouts:
        raise ValueError(f"each task needs one count per step, at most {num_rollouts}, got {successes_P_N}")
    rng = np.random.default_rng(seed)
    num_tasks, num_steps = successes.shape
    dealt_P_R_N = [
        rng.multivariate_hypergeometric([num_rollouts] * num_steps, int(row.sum()), size=num_permutations)
        for row in successes
    ]
    unit = num_tasks * num_rollouts
    nulls_R = _gain(np.sum(dealt_P_R_N, axis=0)) / unit
    value = float(_gain(successes.sum(axis=0)[None])[0]) / unit
    tail = (1 - confidence_level) / 2
    low, high = np.quantile(nulls_R, [tail, 1 - tail])
    p_value = (1 + int((nulls_R >= value - 1e-9).sum())) / (1 + num_permutations)
    return NullBand(value, float(low), float(high), p_value, num_permutations)


def _gain(successes_R_N: np.ndarray) -> np.ndarray:
    gains_R: np.ndarray = successes_R_N.max(axis=1) - successes_R_N[:, 0]
    return gains_R
