"""Where adaptation helps: regimes of base success, and transfer between subsets. Axis: P tasks."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from statistics import fmean

from kbwf.metrics.statistics import Interval, Missing, bootstrap_mean

REGIME_LINE = 0.30
"""The paper's: above this base success adaptation is said to help, below it to hurt."""


@dataclass(frozen=True)
class Regimes:
    """Gain of adaptation on both sides of the line."""

    is_above_P: tuple[bool, ...]
    gains_P: tuple[float, ...]
    """Adapted minus base sample fast_1 of each task."""
    below: Interval | Missing
    above: Interval | Missing
    """Mean gain over the side's tasks, with a bootstrap interval over them."""


@dataclass(frozen=True)
class Transfer:
    """Gains of policies adapted on one subset (A) and evaluated on another (B), over the base policy."""

    subsets: tuple[str, ...]
    gains_A_B: tuple[tuple[float | None, ...], ...]
    """None where the pair was not run."""
    own: float | None
    """Mean gain on the subset that was adapted on; None if none was run."""
    other: float | None
    """Mean gain on the others."""


def regimes(
    deciding_base_P: Sequence[float],
    base_P: Sequence[float],
    adapted_P: Sequence[float],
    num_resamples: int,
    seed: int,
    confidence_level: float,
) -> Regimes | Missing:
    """Tasks by the success of the base policy, and what adaptation adds on either side of 30 %.

    Args:
        deciding_base_P: base success that decides the side. Take it from other samples than `base_P` (another seed): a
            task that was unlucky once stands below the line *and* seems to gain, so that the same samples for both show
            gains below and losses above where nothing happened.
        base_P: base success that the gain is measured from.
        adapted_P: success of the adapted policy.

    Raises:
        ValueError: the lengths differ.
    """
    if not len(deciding_base_P) == len(base_P) == len(adapted_P):
        raise ValueError(
            f"one value per task is needed of each, got {len(deciding_base_P)}, {len(base_P)} and {len(adapted_P)}"
        )
    if not base_P:
        return Missing("no task was adapted")
    is_above_P = tuple(success > REGIME_LINE for success in deciding_base_P)
    gains_P = tuple(adapted - base for adapted, base in zip(adapted_P, base_P, strict=True))
    sides: list[Interval | Missing] = []
    for side in (False, True):
        gains = [[gain] for gain, is_above in zip(gains_P, is_above_P, strict=True) if is_above == side]
        interval = bootstrap_mean(gains, num_resamples, seed, confidence_level)
        sides.append(interval or Missing(f"no task {'above' if side else 'below'} the line"))
    return Regimes(is_above_P, gains_P, *sides)


def transfer(scores: Mapping[tuple[str, str], float], base_scores: Mapping[str, float]) -> Transfer:
    """Gains for every pair of (adapted on, evaluated on).

    Args:
        scores: sample fast_1 of adapted policies, by pair; pairs that were not run are left out.
        base_scores: sample fast_1 of the base policy on each subset that is evaluated on.

    Raises:
        ValueError: a subset has no base score.
    """
    unknown = {evaluated_on for _, evaluated_on in scores} - set(base_scores)
    if unknown:
        raise ValueError(
            f"no base score for subset {', '.join(sorted(unknown))}; the base policy must be evaluated there"
        )
    subsets = tuple(base_scores)
    gains = {pair: score - base_scores[pair[1]] for pair, score in scores.items()}
    own = [gain for (adapted_on, evaluated_on), gain in gains.items() if adapted_on == evaluated_on]
    other = [gain for (adapted_on, evaluated_on), gain in gains.items() if adapted_on != evaluated_on]
    return Transfer(
        subsets=subsets,
        gains_A_B=tuple(tuple(gains.get((adapted_on, other_one)) for other_one in subsets) for adapted_on in subsets),
        own=fmean(own) if own else None,
        other=fmean(other) if other else None,
    )
