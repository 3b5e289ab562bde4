"""Choose a step of a run: Best-of-Adaptation, early stopping and the per-task oracle, behind the guardrail."""

from collections.abc import Sequence
from pathlib import Path

from kbwf.errors import RecordError
from kbwf.records import Evaluation, ScoredSample, Trajectory
from kbwf.records.evaluation import judged
from kbwf.run_settings import GuardrailSettings
from kbwf.store import read_records, write_record
from kbwf.strategies.best_of_adaptation import (
    Guardrail,
    best_of_adaptation,
    early_stopping,
    per_task_oracle,
    rolled_back,
    step_outcome,
)


def select_checkpoint(
    run_id: str,
    policy_ids_N: Sequence[str],
    scored: Sequence[Path],
    guardrail: GuardrailSettings,
    patience: int,
    output: Path,
) -> str:
    """Write the run's trajectory and choice; returns a line for the log.

    Args:
        policy_ids_N: of steps 0 (the base policy), 1, 2 …
        scored: the rollouts of all steps: the same tasks, and as many of each, in every step.

    Raises:
        RecordError: steps with other tasks or numbers of samples than step 0, or samples of no step.
    """
    by_policy: dict[str, list[Evaluation]] = {policy_id: [] for policy_id in policy_ids_N}
    for one in judged(one for path in scored for one in read_records(path, ScoredSample)):
        if one.sample.policy_id not in by_policy:
            raise RecordError(f"{one.sample.sample_set} is of no step of {run_id}; pass its steps' scored samples")
        by_policy[one.sample.policy_id].append(one.evaluation)
    sizes = {policy_id: _tasks(evaluations) for policy_id, evaluations in by_policy.items()}
    other = [policy_id for policy_id, tasks in sizes.items() if tasks != sizes[policy_ids_N[0]]]
    if other:
        raise RecordError(
            f"{run_id}: steps are compared on as many samples of the same tasks; {other[0]} has {sizes[other[0]]},"
            f" step 0 {sizes[policy_ids_N[0]]}; remove its scored files and run again"
        )
    outcomes = [step_outcome(by_policy[policy_id]) for policy_id in policy_ids_N]
    limits = Guardrail(guardrail.min_correct_frac, guardrail.may_lose_correctness, guardrail.max_runtime_ratio)
    reasons = [rolled_back(outcome, outcomes[0], limits) if guardrail.is_on else None for outcome in outcomes]
    reasons[0] = None  # what a step is compared with
    fast_1_N = [outcome.fast_1 for outcome in outcomes]
    is_rolled_back_N = [reason is not None for reason in reasons]
    stopping_step, stopping_last_step = early_stopping(fast_1_N, patience, is_rolled_back_N)
    trajectory = Trajectory(
        run_id=run_id,
        policy_ids_N=tuple(policy_ids_N),
        fast_1_N=tuple(fast_1_N),
        fast_1_by_task_N=tuple(dict(outcome.fast_1_by_task) for outcome in outcomes),
        correct_frac_N=tuple(outcome.correct_frac for outcome in outcomes),
        rolled_back_N=tuple(reasons),
        num_samples=len(by_policy[policy_ids_N[0]]),
        chosen_step=best_of_adaptation(fast_1_N, is_rolled_back_N),
        early_stopping_step=stopping_step,
        early_stopping_last_step=stopping_last_step,
        per_task_oracle=per_task_oracle(
            [[outcome.fast_1_by_task[task_id] for outcome in outcomes] for task_id in outcomes[0].fast_1_by_task]
        ),
    )
    write_record(output, trajectory)
    chosen = trajectory.chosen_step
    return f"{run_id}: step {chosen}, fast_1 {fast_1_N[chosen]:.3f} (step 0: {fast_1_N[0]:.3f})"


def _tasks(evaluations: Sequence[Evaluation]) -> dict[str, int]:
    """Samples by task."""
    task_ids = [one.task_id for one in evaluations]
    return {task_id: task_ids.count(task_id) for task_id in sorted(set(task_ids))}
