"""Best-of-Adaptation: choose a step of a training trajectory (arXiv 2602.07670). Axes: N steps from 0, P tasks.

    best_of_adaptation   the step with the highest sample fast_1 over all tasks, the base policy (step 0) included
    early_stopping       the same, but the trajectory is only followed until `patience` steps in a row bring nothing new
    per_task_oracle      each task at its own best step: an upper bound, not a method

Ties go to the earliest step. The number by which a step was chosen flatters it: report its score on fresh samples.

Steps that the guardrail rolled back are passed over. It has the published code's three conditions and its thresholds.
Deviation: the published code compares one median over all tasks, which moves with *which* tasks have correct kernels;
here each task is compared with itself, and the median is taken over tasks.
"""

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from statistics import fmean, median

from kbwf.errors import RecordError
from kbwf.metrics.fast_p import sample_fast_p
from kbwf.records import Evaluation


@dataclass(frozen=True)
class StepOutcome:
    """What one step's samples showed."""

    fast_1: float
    """Sample fast_1 over all samples of all tasks."""
    fast_1_by_task: Mapping[str, float]
    correct_frac: float
    runtime_ms_by_task: Mapping[str, float]
    """Median runtime of the task's correct samples; tasks without any are missing."""


@dataclass(frozen=True)
class Guardrail:
    """When a step is worse than the base policy; the defaults are the published ones."""

    min_correct_frac: float = 0.0
    may_lose_correctness: bool = False
    """Whether the fraction correct may be below the base policy's."""
    max_runtime_ratio: float = 1.5
    """Of the step's median runtime to the base policy's."""


def step_outcome(evaluations: Sequence[Evaluation]) -> StepOutcome:
    """Summary of one step's evaluations, all tasks together, failed kernels included.

    Raises:
        RecordError: no evaluations.
    """
    by_task: dict[str, list[Evaluation]] = defaultdict(list)
    for evaluation in sorted(evaluations, key=lambda one: one.task_id):
        by_task[evaluation.task_id].append(evaluation)
    fast_1 = sample_fast_p(evaluations)
    if fast_1 is None:
        raise RecordError("a step's outcome needs its evaluations, got none; pass the scored samples of its policy")
    runtimes = {task_id: [one.timing.runtime_ms for one in group if one.timing] for task_id, group in by_task.items()}
    return StepOutcome(
        fast_1=fast_1,
        fast_1_by_task={task_id: sample_fast_p(group) or 0.0 for task_id, group in by_task.items()},
        correct_frac=fmean(evaluation.is_correct for evaluation in evaluations),
        runtime_ms_by_task={task_id: median(values) for task_id, values in runtimes.items() if values},
    )


def rolled_back(step: StepOutcome, base: StepOutcome, guardrail: Guardrail) -> str | None:
    """Why the step is worse than the base policy, with the values found; None if it is not."""
    if step.correct_frac < guardrail.min_correct_frac:
        return f"{step.correct_frac:.1%} correct, below the floor of {guardrail.min_correct_frac:.1%}"
    if step.correct_frac < base.correct_frac and not guardrail.may_lose_correctness:
        return f"{step.correct_frac:.1%} correct, below the base policy's {base.correct_frac:.1%}"
    common = sorted(step.runtime_ms_by_task.keys() & base.runtime_ms_by_task.keys())
    if common:
        ratio = median(step.runtime_ms_by_task[task_id] / base.runtime_ms_by_task[task_id] for task_id in common)
        if ratio > guardrail.max_runtime_ratio:
            return (
                f"median runtime {ratio:.3g} times the base policy's, above {guardrail.max_runtime_ratio:g}"
                f" ({len(common)} tasks)"
            )
    return None


def best_of_adaptation(fast_1_N: Sequence[float], is_rolled_back_N: Sequence[bool] | None = None) -> int:
    """The step with the highest fast_1; the earliest of several.

    Args:
        fast_1_N: of steps 0 (the base policy), 1, 2 …
        is_rolled_back_N: steps that may not be chosen; None: all may. The base policy always may.
    """
    return max(_candidates(fast_1_N, is_rolled_back_N), key=lambda step: (fast_1_N[step], -step))


def early_stopping(
    fast_1_N: Sequence[float], patience: int = 1, is_rolled_back_N: Sequence[bool] | None = None
) -> tuple[int, int]:
    """The best step among those looked at before `patience` steps in a row were no better than the best so far.

    Returns:
        The chosen step, and the last step looked at: what a run that stops there would have cost.

    Raises:
        ValueError: patience < 1.
    """
    if patience < 1:
        raise ValueError(f"patience must be at least 1 step, got {patience}")
    candidates = _candidates(fast_1_N, is_rolled_back_N)
    best, last = 0, 0
    for last in range(1, len(fast_1_N)):
        if last in candidates and fast_1_N[last] > fast_1_N[best]:
            best = last
        elif last - best >= patience:
            break
    return best, last


def per_task_oracle(fast_1_P_N: Sequence[Sequence[float]]) -> float | None:
    """Mean over tasks of the task's best fast_1 over steps; None without tasks."""
    return fmean(max(fast_1_N) for fast_1_N in fast_1_P_N) if fast_1_P_N else None


def _candidates(fast_1_N: Sequence[float], is_rolled_back_N: Sequence[bool] | None) -> list[int]:
    if not fast_1_N:
        raise ValueError("a trajectory has at least step 0, the base policy; got no step")
    return [step for step in range(len(fast_1_N)) if step == 0 or not (is_rolled_back_N and is_rolled_back_N[step])]
