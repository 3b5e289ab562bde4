"""Does surprisal beat confidence? The rule by which the report says so. Axes: P tasks, S seeds, K correct samples.

In each task and seed one strategy takes the correct sample with the highest surprisal, the other the one with the
lowest; the difference is 1, 0 or -1 successes. It is averaged over a task's seeds, then over tasks. That the average is
positive means nothing yet: on noise it is, nearly every other time. Two questions are asked of it, both one-sided and
both answered exactly, without resampling:

* Could the labels be anybody's? The outcomes are dealt anew, see `permutation`. Where surprisal has nothing to do with
  speed this is exactly what happens, so that at most `LABELS_LEVEL` of such studies are called an effect, whatever
  their number of tasks, ties and share of successes.
* Would other tasks agree? The sign of each task's average is flipped at random. A quirk of a few tasks passes the first
  question, because all seeds share it, and fails this one. With four tasks or fewer nothing passes, since 1/16 of the
  patterns of signs are already as extreme.

Tasks where every sample succeeds, or none, have difference 0 and change neither answer.
"""

import math
from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from kbwf.metrics.permutation import Deck, decks_of
from kbwf.metrics.statistics import Missing

LABELS_LEVEL = 0.025
"""One-sided; the direction was not fixed before the data, so that this is the usual 5 % of two sides."""
TASKS_LEVEL = 0.05


@dataclass(frozen=True)
class Decision:
    """The comparison, and whether an effect may be claimed."""

    surprisal_success: float
    confidence_success: float
    """Fractions of choices with speedup > 1, averaged over seeds, then over tasks."""
    differences_P_S: tuple[tuple[int, ...], ...]
    """1, 0 or -1 for each task and seed with a choice; `bootstrap_mean` gives the interval of their mean."""
    labels_p: float
    tasks_p: float

    @property
    def num_for(self) -> int:
        """Tasks and seeds in which only surprisal's choice succeeds."""
        return sum(difference > 0 for seeds in self.differences_P_S for difference in seeds)

    @property
    def num_against(self) -> int:
        """Tasks and seeds in which only confidence's choice succeeds."""
        return sum(difference < 0 for seeds in self.differences_P_S for difference in seeds)

    @property
    def is_shown(self) -> bool:
        """Surprisal beats confidence, by both questions."""
        return self.labels_p <= LABELS_LEVEL and self.tasks_p <= TASKS_LEVEL


def surprisal_beats_confidence(
    surprisals_P_S_K: Sequence[Sequence[Sequence[float]]] | None,
    successes_P_S_K: Sequence[Sequence[Sequence[bool]]],
    measurements_P_S_K: Sequence[Sequence[Sequence[str]]] | None,
) -> Decision | Missing:
    """Compare the most surprising with the most confident correct sample of each task and seed.

    Args:
        surprisals_P_S_K: of the correct samples, in the order of their indices (ties go to the first); None without
            log-probabilities. Negated, they ask whether confidence beats surprisal.
        successes_P_S_K: whether the same samples have speedup > 1, or for the confident form its lower bound.
        measurements_P_S_K: the kernel's hash where equal kernels are measured once; None where each sample is measured
            by itself.

    Raises:
        ValueError: the shapes differ, a surprisal is not finite, a success is not true or false, or equal measurements
            have different successes.
    """
    if surprisals_P_S_K is None:
        return Missing("no log-probabilities")
    tasks = decks_of(surprisals_P_S_K, successes_P_S_K, measurements_P_S_K)
    if not tasks:
        return Missing("no correct sample in any task")
    if any(not np.isin(deck.outcomes_U, (0, 1)).all() for decks in tasks for deck in decks):
        raise ValueError("a success is true or false; pass speedup > 1, not the speedup")
    choices_P_S = [[choice for deck in decks for choice in _choices(deck)] for decks in tasks]
    differences_P_S = tuple(tuple(ours - theirs for ours, theirs in choices) for choices in choices_P_S)
    unit = math.lcm(*(len(choices) for choices in choices_P_S))  # averages over seeds are whole numbers of 1/unit
    steps_P = [sum(differences) * unit // len(differences) for differences in differences_P_S]
    dealt = [
        _dealt(deck, unit // len(choices)) for decks, choices in zip(tasks, choices_P_S, strict=True) for deck in decks
    ]
    flipped = [np.bincount([0, 2 * abs(step)], weights=[0.5, 0.5]) for step in steps_P]
    return Decision(
        surprisal_success=float(np.mean([np.mean(choices, axis=0)[0] for choices in choices_P_S])),
        confidence_success=float(np.mean([np.mean(choices, axis=0)[1] for choices in choices_P_S])),
        differences_P_S=differences_P_S,
        labels_p=_upper_tail(sum(steps_P), dealt),
        tasks_p=_upper_tail(sum(steps_P), flipped),
    )


def _choices(deck: Deck) -> list[tuple[int, int]]:
    """Success of the most surprising and of the most confident sample under each seed."""
    return [
        (int(deck.outcomes_U[units[surprisals.argmax()]]), int(deck.outcomes_U[units[surprisals.argmin()]]))
        for surprisals, units in deck.cells
    ]


def _dealt(deck: Deck, step: int) -> np.ndarray:
    """Distribution of the deck's sum of differences, in steps, when its outcomes are dealt anew.

    Measurements that are chosen are drawn one after the other, without replacement; only the number of successes among
    those before matters.
    """
    weights: dict[int, int] = defaultdict(int)
    for surprisals, units in deck.cells:
        weights[units[surprisals.argmax()]] += step
        weights[units[surprisals.argmin()]] -= step
    num_units, num_successes = len(deck.outcomes_U), int(deck.outcomes_U.sum())
    states = {(0, 0): 1.0}
    for num_drawn, weight in enumerate(weights.values()):
        following: dict[tuple[int, int], float] = defaultdict(float)
        for (successes, total), probability in states.items():
            chance = (num_successes - successes) / (num_units - num_drawn)
            following[successes + 1, total + weight] += probability * chance
            following[successes, total] += probability * (1 - chance)
        states = following
    reach = sum(abs(weight) for weight in weights.values())
    distribution = np.zeros(2 * reach + 1)
    for (_, total), probability in states.items():
        distribution[reach + total] += probability
    return distribution


def _upper_tail(observed: int, distributions: Sequence[np.ndarray]) -> float:
    """Probability that independent sums, each distributed about the middle of its array, add to `observed` or more."""
    total = np.ones(1)
    for distribution in distributions:
        total = np.convolve(total, distribution)
    return min(1.0, float(total[len(total) // 2 + observed :].sum()))
