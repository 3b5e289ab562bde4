"""What a run came to: its chosen step's worth on fresh samples, on its own tasks and on others, and what it cost."""

from collections.abc import Sequence
from pathlib import Path
from statistics import fmean

from kbwf.errors import RecordError
from kbwf.metrics.fast_p import sample_fast_p
from kbwf.records import (
    Compute,
    Evaluation,
    FreshScore,
    PolicyUpdate,
    RunSummary,
    ScoredSample,
    Trajectory,
)
from kbwf.records.evaluation import judged
from kbwf.store import read_record, read_records, write_record


def summarize_run(
    run_id: str,
    name: str,
    updates: Sequence[Path],
    rollouts: Sequence[Path],
    trajectory: Path | None,
    fresh: Sequence[Path],
    transfer: Sequence[Path],
    output: Path,
) -> str:
    """Write the run's summary; returns a line for the log.

    Args:
        updates: all of the run.
        rollouts: files of scored samples that it learned from or was chosen by.
        trajectory: its choice; None for an outer loop, whose last policy counts.
        fresh: files of fresh samples of the run's own tasks, by the chosen policy and the one it began with.
        transfer: the same of other tasks; may be empty.

    Raises:
        RecordError: updates of another run, a gap among them, or fresh samples of another policy, or by which the step
            was chosen.
    """
    made = sorted((read_record(path, PolicyUpdate) for path in updates), key=lambda one: one.step)
    if [one.step for one in made] != list(range(1, len(made) + 1)) or {one.run_id for one in made} != {run_id}:
        found = ", ".join(one.policy_id for one in made) or "none"
        raise RecordError(f"{run_id}: its updates are steps 1, 2 and so on of this run, got {found}; pass those")
    choice = read_record(trajectory, Trajectory) if trajectory else None
    chosen_step = choice.chosen_step if choice else len(made)
    chosen_policy_id = choice.chosen_policy_id if choice else made[-1].policy_id
    first = made[0]
    learned_ids = sorted({task_id for one in made for task_id in one.task_ids})
    scores = []
    for paths, is_transfer in ((fresh, False), (transfer, True)):
        scores += _fresh_scores(paths, is_transfer, {first.parent_policy_id, chosen_policy_id}, first.seed)
    summary = RunSummary(
        run_id=run_id,
        name=name,
        method=first.method,
        seed=first.seed,
        task_ids=tuple(learned_ids),
        chosen_step=chosen_step,
        chosen_policy_id=chosen_policy_id,
        selection_fast_1=choice.fast_1_N[chosen_step] if choice else None,
        fresh=tuple(scores),
        num_updates=sum(one.num_gradient_steps > 0 for one in made),
        no_update_reasons={one.step: one.no_update_reason for one in made if one.no_update_reason is not None},
        stopped_reason=made[-1].stopped_reason,
        compute=_compute(made, rollouts),
    )
    write_record(output, summary)
    worth = ", ".join(f"{one.policy_id} {one.fast_1:.3f}{' elsewhere' if one.is_transfer else ''}" for one in scores)
    return f"{run_id}: step {chosen_step} of {len(made)}, fast_1 on fresh samples {worth}"


def _fresh_scores(paths: Sequence[Path], is_transfer: bool, policy_ids: set[str], run_seed: int) -> list[FreshScore]:
    by_policy: dict[str, list[Evaluation]] = {policy_id: [] for policy_id in sorted(policy_ids)}
    for one in judged(one for path in paths for one in read_records(path, ScoredSample)):
        if one.sample.policy_id not in by_policy or one.sample.seed == run_seed:
            raise RecordError(
                f"fresh samples are those of {' and '.join(by_policy)} under other seeds than {run_seed}, got"
                f" {one.sample.origin}; pass those"
            )
        by_policy[one.sample.policy_id].append(one.evaluation)
    return [
        FreshScore(
            policy_id=policy_id,
            is_transfer=is_transfer,
            task_ids=tuple(sorted({one.task_id for one in evaluations})),
            seeds=tuple(sorted({one.seed for one in evaluations})),
            num_samples=len(evaluations),
            fast_1=sample_fast_p(evaluations) or 0.0,
            confident_fast_1=sample_fast_p(evaluations, confident=True) or 0.0,
            correct_frac=fmean(one.is_correct for one in evaluations),
        )
        for policy_id, evaluations in by_policy.items()
        if evaluations
    ]


def _compute(made: Sequence[PolicyUpdate], rollouts: Sequence[Path]) -> Compute:
    scored = [one for path in rollouts for one in read_records(path, ScoredSample)]
    drawn = [one.evaluation for one in scored if not one.evaluation.is_refused]
    measured = [one for one in drawn if not one.is_reused]
    return Compute(
        num_rollouts=len(drawn),
        num_evaluations=len(measured),
        num_evaluations_reused=len(drawn) - len(measured),
        num_student_prompt_tokens=sum(one.sample.num_prompt_tokens or 0 for one in scored),
        num_student_response_tokens=sum(one.sample.num_tokens or 0 for one in scored),
        num_trained_tokens=sum(
            one.num_gradient_steps * (one.num_prompt_tokens + one.num_response_tokens) for one in made
        ),
        num_teacher_tokens=sum(one.num_teacher_tokens for one in made),
        update_wall_s=sum(one.wall_s for one in made),
        update_gpu_s=sum(one.gpu_s for one in made),
        evaluation_wall_s=sum(_seconds(one) for one in measured),
        evaluation_gpu_s=sum(_seconds(one) for one in measured if one.environment and one.environment.device_uuid),
    )


def _seconds(evaluation: Evaluation) -> float:
    return sum(evaluation.seconds_s.values())
