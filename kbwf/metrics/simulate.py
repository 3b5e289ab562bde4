"""Simulated studies with a known truth: how often the report's claim is made, and how large a study must be.

Axes: P tasks, S seeds, K samples, U kernels of a task. A kernel's log speedup is a task's level, plus a slope times its
standardised surprisal, plus noise of one unit, all times a scale. Tasks differ in level and in what is surprising for
them; seeds share both. Every sample is a kernel of its own, or samples repeat a few kernels, the likely more often.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
from scipy import stats

from kbwf.metrics.decision import LABELS_LEVEL, surprisal_beats_confidence
from kbwf.metrics.statistics import Missing


@dataclass(frozen=True)
class Design:
    """Size of a study."""

    num_tasks: int
    num_samples: int = 64
    num_seeds: int = 2


@dataclass(frozen=True)
class World:
    """What is true of the tasks."""

    level: float
    """Mean over tasks, in units of the noise; its share of successes is that of a normal distribution."""
    level_spread: float
    """Standard deviation over tasks."""
    slope: float
    """Of the level over surprisal."""
    has_slopes_of_either_sign: bool
    """Each task's slope is turned round with probability 1/2, for all seeds of it."""
    correct_frac: float
    scale: float
    """Log speedup of one unit."""
    num_kernels: int | None = None
    """Kernels that a task's samples repeat, the n-th likeliest 1/n as often as the first; None if none repeats."""


@dataclass(frozen=True)
class Study:
    """The correct samples."""

    surprisals_P_S_K: list[list[list[float]]]
    speedups_P_S_K: list[list[list[float]]]
    measurements_P_S_K: list[list[list[str]]] | None
    """The kernel, where equal ones are measured once."""


@dataclass(frozen=True)
class ClaimRates:
    """Fractions of simulated studies that say "surprisal beats confidence"."""

    num_studies: int
    decision: float
    """By the report's rule."""
    labels_only: float
    """By its first question alone."""
    labels_of_samples_only: float
    """By its first question, asked as if every sample were measured by itself."""
    naive_success: float
    """Because surprisal's mean success is higher."""
    naive_speedup: float
    """Because surprisal's mean speedup is higher."""
    surprisal_success: float
    confidence_success: float
    """Mean over studies."""


NOISE = World(
    level=0.0,
    level_spread=0.7,
    slope=0.0,
    has_slopes_of_either_sign=False,
    correct_frac=1.0,
    scale=0.01,
)
"""The reference against itself: always correct, speedups 1 ± 1 %, and by task between 8 % and 92 % of them above 1, as
control measurements on a GPU have it."""

REPEATS = replace(NOISE, num_kernels=12)
"""The same where samples repeat kernels that are measured once, as at a low temperature."""


def paper_effect(num_samples: int, level_spread: float = 1.5) -> World:
    """An effect of the published size: surprisal's choice succeeds in 80 % of tasks and seeds, confidence's in 50 %.

    Args:
        num_samples: K; the slope is such that the extremes of the correct ones of K have these rates.
        level_spread: 1.5 is the standard deviation of the normal scores of the published success by task (subset 1:
            9, 3, 100, 37 and 37 %). It gives 32 % of pairs in which only surprisal's choice succeeds and 2 % of the
            opposite; 3 and 0 of 10 are published. The fewer tasks that are always or never solved, the harder the
            effect is to see.
    """
    correct_frac = 0.87
    extreme = stats.norm.isf(0.625 / (correct_frac * num_samples + 0.25))  # Blom: expected largest of as many normals
    half = stats.norm.ppf(0.8) * np.sqrt(1 + level_spread**2) / 2
    return World(
        level=float(half),
        level_spread=level_spread,
        slope=float(half / extreme),
        has_slopes_of_either_sign=False,
        correct_frac=correct_frac,
        scale=1.0,
    )


def quirks(num_samples: int) -> World:
    """The published size within each task, but for one half of the tasks in favour of confidence: no general effect."""
    return replace(paper_effect(num_samples), has_slopes_of_either_sign=True)


def simulate_study(design: Design, world: World, rng: np.random.Generator) -> Study:
    """One study."""
    shape = (design.num_tasks, design.num_seeds, design.num_samples)
    by_task = (design.num_tasks, 1, 1)
    levels = world.level + world.level_spread * rng.standard_normal(by_task)
    signs = rng.choice([-1.0, 1.0], by_task) if world.has_slopes_of_either_sign else 1.0
    if world.num_kernels is None:
        kernels = np.arange(np.prod(shape)).reshape(shape)
        scores, noise = rng.standard_normal(shape), rng.standard_normal(shape)
    else:
        kernels, scores, noise = _repeated(world.num_kernels, shape, rng)
    speedups = np.exp(world.scale * (levels + signs * world.slope * scores + noise))
    surprisals = np.exp(0.5 * rng.standard_normal(by_task) + 0.2 * scores)
    is_correct = rng.random(shape) < world.correct_frac
    return Study(
        surprisals_P_S_K=_nested(surprisals, is_correct),
        speedups_P_S_K=_nested(speedups, is_correct),
        measurements_P_S_K=None if world.num_kernels is None else _nested(kernels.astype(str), is_correct),
    )


def _repeated(
    num_kernels: int, shape: tuple[int, int, int], rng: np.random.Generator
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Kernel, score and noise of each sample; a kernel has one score, the higher the rarer, and one noise."""
    frequencies_U = 1 / np.arange(1, num_kernels + 1)
    kernels = rng.choice(num_kernels, shape, p=frequencies_U / frequencies_U.sum())
    scores_U = stats.zscore(-np.log(frequencies_U))
    noise_P_U = rng.standard_normal((shape[0], num_kernels))
    return kernels, scores_U[kernels], noise_P_U[np.arange(shape[0])[:, None, None], kernels]


def _nested(values_P_S_K: np.ndarray, is_correct_P_S_K: np.ndarray) -> list[list[list]]:
    """The correct ones only."""
    return [
        [values[is_correct].tolist() for values, is_correct in zip(*task, strict=True)]
        for task in zip(values_P_S_K, is_correct_P_S_K, strict=True)
    ]


def claim_rates(design: Design, world: World, num_studies: int, seed: int) -> ClaimRates:
    """How often the report's rule and its naive relatives claim an effect."""
    rng = np.random.default_rng(seed)
    rows = [_claims(simulate_study(design, world, rng)) for _ in range(num_studies)]
    return ClaimRates(num_studies, *(float(rate) for rate in np.mean(rows, axis=0)))


def power_curve(
    nums_tasks: Sequence[int], num_studies: int, seed: int, level_spread: float = 1.5
) -> dict[int, ClaimRates]:
    """Claim rates by number of tasks, with an effect of the published size, 64 samples and 2 seeds."""
    world = paper_effect(Design(1).num_samples, level_spread)
    return {num_tasks: claim_rates(Design(num_tasks), world, num_studies, seed) for num_tasks in nums_tasks}


def _claims(study: Study) -> tuple[float, ...]:
    successes = [[[one > 1 for one in cell] for cell in task] for task in study.speedups_P_S_K]
    decision = surprisal_beats_confidence(study.surprisals_P_S_K, successes, study.measurements_P_S_K)
    by_sample = surprisal_beats_confidence(study.surprisals_P_S_K, successes, None)
    if isinstance(decision, Missing) or isinstance(by_sample, Missing):
        return (0.0,) * 7
    gains = [
        speedups[int(np.argmax(surprisals))] - speedups[int(np.argmin(surprisals))]
        for task in zip(study.surprisals_P_S_K, study.speedups_P_S_K, strict=True)
        for surprisals, speedups in zip(*task, strict=True)
        if surprisals
    ]
    return (
        decision.is_shown,
        decision.labels_p <= LABELS_LEVEL,
        by_sample.labels_p <= LABELS_LEVEL,
        decision.surprisal_success > decision.confidence_success,
        sum(gains) > 0,
        decision.surprisal_success,
        decision.confidence_success,
    )
