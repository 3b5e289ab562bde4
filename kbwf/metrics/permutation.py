"""What a selection by surprisal would give if surprisal meant nothing. Axes: P tasks, S seeds, K correct samples of a
task and seed, R permutations.

The outcomes are dealt anew, while surprisals, their ties and the sample order stay where they are. So a permuted study
has the same tasks, the same successes and the same speedups; only which sample is the surprising one is chance.

What is dealt are measurements, not samples. At a low temperature a policy gives the same kernel many times, under every
seed, and it is measured once: its copies have one outcome, and a deal that splits them promises less chance than there
is. So a kernel keeps its samples, and the outcomes go round among the kernels of a task. Where every sample is measured
by itself, as for the identity control, they go round among the samples of a task and seed.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np

from kbwf.metrics.statistics import Missing

Statistic = Callable[[np.ndarray, np.ndarray], np.ndarray]
"""From surprisals_K and outcomes_R_K to one value for each of the R rows."""


@dataclass(frozen=True)
class NullBand:
    """A statistic beside what it is on permuted labels."""

    value: float
    low: float
    high: float
    """Percentiles of the permuted studies: a value between the two is what chance gives."""
    p_value: float
    """One-sided: fraction of studies, this one among them, in which the statistic is at least as large."""
    num_permutations: int

    @property
    def is_outside(self) -> bool:
        """The value lies above or below the band."""
        return not self.low <= self.value <= self.high


def most_surprising(surprisals_K: np.ndarray, outcomes_R_K: np.ndarray) -> np.ndarray:
    """Outcome of the sample with the highest surprisal; ties go to the first, as in `best_of_n`."""
    return outcomes_R_K[:, surprisals_K.argmax()]


def most_confident(surprisals_K: np.ndarray, outcomes_R_K: np.ndarray) -> np.ndarray:
    """Outcome of the sample with the lowest surprisal; ties go to the first."""
    return outcomes_R_K[:, surprisals_K.argmin()]


def surprising_minus_confident(surprisals_K: np.ndarray, outcomes_R_K: np.ndarray) -> np.ndarray:
    """Difference of the two."""
    return most_surprising(surprisals_K, outcomes_R_K) - most_confident(surprisals_K, outcomes_R_K)


def best_of_most_surprising(m: int) -> Statistic:
    """Largest outcome among the m samples with the highest surprisal: surprisal-guided-top-m.

    Its band lies far above a single sample's: the best of m is better than one, whichever m they are.
    """

    def best_of_m(surprisals_K: np.ndarray, outcomes_R_K: np.ndarray) -> np.ndarray:
        return outcomes_R_K[:, np.argsort(-surprisals_K, kind="stable")[:m]].max(axis=1)

    return best_of_m


@dataclass(frozen=True)
class Deck:
    """Outcomes that may change places (axis U, one measurement each), and the choices made among them."""

    outcomes_U: np.ndarray
    cells: tuple[tuple[np.ndarray, np.ndarray], ...]
    """One per task and seed: surprisals_K of the samples, and their measurements, as positions in the outcomes."""


def null_band(
    surprisals_P_S_K: Sequence[Sequence[Sequence[float]]] | None,
    outcomes_P_S_K: Sequence[Sequence[Sequence[float]]],
    measurements_P_S_K: Sequence[Sequence[Sequence[str]]] | None,
    statistic: Statistic,
    num_permutations: int,
    seed: int,
    confidence_level: float,
    *,
    counts_empty: bool = False,
) -> NullBand | Missing:
    """A statistic's mean over tasks of its mean over seeds, on the study and on permutations of it.

    Tasks and seeds without a correct sample are left out, as the strategies have no choice there; with `counts_empty`
    they count as 0, as in a strategy's success.

    Args:
        surprisals_P_S_K: of the correct samples; None without log-probabilities.
        outcomes_P_S_K: what the statistic is taken of, for the same samples: success (1 or 0), speedup, its logarithm.
        measurements_P_S_K: which measurement the outcome comes from: the kernel's hash where equal kernels are measured
            once. None where each sample is measured by itself.

    Raises:
        ValueError: the shapes differ, a value is not finite, or a measurement has two outcomes.
    """
    if surprisals_P_S_K is None:
        return Missing("no log-probabilities")
    rng = np.random.default_rng(seed)
    values_P, nulls_P_R = [], []
    sizes_P = [len(task) for task in outcomes_P_S_K if any(map(len, task))]
    for decks, size in zip(decks_of(surprisals_P_S_K, outcomes_P_S_K, measurements_P_S_K), sizes_P, strict=True):
        values_S, nulls_S_R = [], []
        for deck in decks:
            dealt_R_U = rng.permuted(np.tile(deck.outcomes_U, (num_permutations, 1)), axis=1)
            for surprisals_K, units_K in deck.cells:
                values_S.append(statistic(surprisals_K, deck.outcomes_U[None, units_K])[0])
                nulls_S_R.append(statistic(surprisals_K, dealt_R_U[:, units_K]))
        num_seeds = size if counts_empty else len(values_S)
        values_P.append(sum(values_S) / num_seeds)
        nulls_P_R.append(np.sum(nulls_S_R, axis=0) / num_seeds)
    if not values_P:
        return Missing("no correct sample in any task")
    num_tasks = len(outcomes_P_S_K) if counts_empty else len(values_P)
    value, nulls_R = float(sum(values_P) / num_tasks), np.sum(nulls_P_R, axis=0) / num_tasks
    tail = (1 - confidence_level) / 2
    low, high = np.quantile(nulls_R, [tail, 1 - tail])
    slack = 1e-9 * max(1.0, abs(value))  # sums in another order differ in the last digits
    p_value = (1 + int((nulls_R >= value - slack).sum())) / (1 + num_permutations)
    return NullBand(value, float(low), float(high), p_value, num_permutations)


def decks_of(
    surprisals_P_S_K: Sequence[Sequence[Sequence[float]]],
    outcomes_P_S_K: Sequence[Sequence[Sequence[float]]],
    measurements_P_S_K: Sequence[Sequence[Sequence[str]]] | None,
) -> list[list[Deck]]:
    """For each task with a correct sample, its decks: one, or one for each seed if every sample is measured by itself.

    Raises:
        ValueError: the shapes differ, a value is not finite, or a measurement has two outcomes.
    """
    tasks = []
    for number, (surprisals_S_K, outcomes_S_K) in enumerate(zip(surprisals_P_S_K, outcomes_P_S_K, strict=True)):
        pairs = list(zip(surprisals_S_K, outcomes_S_K, strict=True))
        if any(len(surprisals_K) != len(outcomes_K) for surprisals_K, outcomes_K in pairs):
            raise ValueError(f"task {number}: one surprisal is needed for each outcome; pass correct samples only")
        cells = [np.array(pair, dtype=float) for pair in pairs]
        if not all(np.isfinite(cell).all() for cell in cells):
            raise ValueError(f"task {number}: a value is not finite; pass samples that have a surprisal only")
        if measurements_P_S_K is None:
            decks = [Deck(cell[1], ((cell[0], np.arange(cell.shape[1])),)) for cell in cells if cell.size]
        else:
            decks = [_shared_deck(number, cells, measurements_P_S_K[number])]
        if any(len(deck.outcomes_U) for deck in decks):
            tasks.append(decks)
    return tasks


def _shared_deck(number: int, cells: list[np.ndarray], measurements_S_K: Sequence[Sequence[str]]) -> Deck:
    outcome_of: dict[str, float] = {}
    numbered = []
    for (surprisals_K, outcomes_K), measurements_K in zip(cells, measurements_S_K, strict=True):
        for outcome, measurement in zip(outcomes_K, measurements_K, strict=True):
            if outcome_of.setdefault(measurement, float(outcome)) != outcome:
                raise ValueError(
                    f"task {number}: measurement {measurement} has outcomes {outcome_of[measurement]} and {outcome};"
                    " pass None if each sample is measured by itself"
                )
        if len(measurements_K):
            positions = {measurement: position for position, measurement in enumerate(outcome_of)}
            numbered.append((surprisals_K, np.array([positions[measurement] for measurement in measurements_K])))
    return Deck(np.array(list(outcome_of.values())), tuple(numbered))
