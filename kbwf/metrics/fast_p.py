"""fast_p: how often a kernel is correct and more than p times as fast as the reference (KernelBench, arXiv 2502.10517).

Two different numbers bear this name. `fast_p` counts tasks, by the one kernel that a strategy selected for each;
`sample_fast_p` counts samples (what test-time-training calls fast_1). Both are strict: a speedup of exactly p is no
success. The confident variants ask the lower bound of the speedup's interval to exceed p.
"""

from collections.abc import Sequence

from kbwf.errors import RecordError
from kbwf.records import Evaluation, Selection


def is_faster(evaluation: Evaluation, p: float = 1.0, *, confident: bool = False) -> bool:
    """Correct, and speedup (confident: its lower bound) > p."""
    if evaluation.timing is None:
        return False
    return (evaluation.timing.speedup_low if confident else evaluation.timing.speedup) > p


def fast_p(selections: Sequence[Selection], p: float = 1.0, *, confident: bool = False) -> float | None:
    """Fraction of selections (one per task, or per task and seed) whose kernel is correct and faster than p.

    Returns:
        The fraction; None without selections.

    Raises:
        RecordError: p is not 1 and a selection is an expectation over several samples, known for p = 1 only.
    """
    if not selections:
        return None
    return sum(_success(selection, p, confident) for selection in selections) / len(selections)


def _success(selection: Selection, p: float, confident: bool) -> float:
    if p == 1:
        return selection.confident_fast_1 if confident else selection.fast_1
    if selection.num_correct == 0:
        return 0.0
    if selection.sample_idx is None:
        raise RecordError(
            f"{selection.task_id}: strategy {selection.strategy} chooses no single sample, so that its fast_p is known"
            f" for p = 1 only, not for p = {p}; use sample_fast_p over the correct samples"
        )
    speedup = selection.speedup_low if confident else selection.speedup
    return float(speedup is not None and speedup > p)


def sample_fast_p(evaluations: Sequence[Evaluation], p: float = 1.0, *, confident: bool = False) -> float | None:
    """Fraction of samples that are correct and faster than p; None without samples."""
    if not evaluations:
        return None
    return sum(is_faster(evaluation, p, confident=confident) for evaluation in evaluations) / len(evaluations)
