"""Rollouts in their groups: the samples of one step, by task. Axes: P task, G rollout in its group."""

from collections import Counter
from collections.abc import Iterable

from kbwf.errors import RecordError
from kbwf.records import ScoredSample

Rollouts = tuple[tuple[ScoredSample, ...], ...]
"""Axes P, G."""


def group_rollouts(scored: Iterable[ScoredSample]) -> Rollouts:
    """All rollouts of one policy and seed, by task id and then by sample index, whatever order they come in.

    Raises:
        RecordError: no samples, samples of several policies or seeds, a sample twice, or groups of different size.
    """
    ordered = sorted(scored, key=lambda one: (one.sample.task_id, one.sample.sample_idx))
    origins = sorted({(one.sample.policy_id, one.sample.seed) for one in ordered})
    if len(origins) != 1:
        raise RecordError(
            f"rollouts of a step come from one policy and seed, got {origins or 'no samples'}; pass the files of scored"
            " samples of one of them"
        )
    keys = [(one.sample.task_id, one.sample.sample_idx) for one in ordered]
    if len(set(keys)) != len(keys):
        twice = sorted({key for key in keys if keys.count(key) > 1})
        raise RecordError(f"{origins[0]}: samples {twice} occur twice; remove the scored files and run again")
    sizes = Counter(one.sample.task_id for one in ordered)
    if len(set(sizes.values())) != 1:
        raise RecordError(
            f"{origins[0]}: every task needs the same number of rollouts, got {dict(sizes)}; remove the scored files of"
            " the tasks that have too few and run again"
        )
    size = next(iter(sizes.values()))
    return tuple(tuple(ordered[begin : begin + size]) for begin in range(0, len(ordered), size))
