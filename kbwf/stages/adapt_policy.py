"""Update a policy: step n of a run, from the rollouts of step n - 1. Axes: P task, G rollout in its group."""

import importlib
import logging
import shutil
import time
from collections.abc import Sequence
from dataclasses import asdict, replace
from pathlib import Path
from typing import Any, NamedTuple, cast

import numpy as np

from kbwf.errors import PolicyError, RecordError
from kbwf.judge.device import describe_environment, resolve_device
from kbwf.policies.table import BACKENDS
from kbwf.records import Checkpoint, PolicyUpdate, ScoredSample, Task
from kbwf.records.evaluation import judged
from kbwf.run_settings import RunSettings
from kbwf.settings import PromptSettings
from kbwf.store import read_record, read_records, write_record
from kbwf.tasks.prompts import messages_by_task
from kbwf.training.advantages import compute_advantages
from kbwf.training.datums import (
    DistillationDatum,
    Messages,
    check_rollouts,
    policy_gradient_data,
    token_advantage_data,
)
from kbwf.training.guards import Guards, tripped_guard
from kbwf.training.rewards import StepRewards, rewards_of_step, shuffle_rewards
from kbwf.training.rollouts import Rollouts, group_rollouts
from kbwf.training.self_distillation import TeacherKind, sdpo_teacher_messages, success_solution, token_advantages
from kbwf.training.self_distillation import topk_teacher_messages as topk_messages
from kbwf.training.update import Trainer, TrainerModule, UpdateReport

log = logging.getLogger(__name__)


class Step(NamedTuple):
    """Which update it is."""

    policy_id: str
    run_id: str
    seed: int
    step: int


def adapt_policy(
    this: Step,
    run: RunSettings,
    base: dict[str, Any],
    prompt: PromptSettings,
    parent: Path,
    tasks: Sequence[Path],
    scored: Sequence[Path],
    output: Path,
) -> str:
    """Write the policy after one more update: checkpoint, adapter, state, and the record of the update; returns a line
    for the log.

    A run that a guard has stopped goes on with the policy it had: the step is there, and adds nothing.

    Args:
        base: what the backend is told (for `local` the configuration's block base).
        parent: checkpoint of step n - 1; beside it, but for step 0, lies its `update.json`.
        tasks: those that the rollouts are of.
        scored: their rollouts, one file per task.
        output: the checkpoint; the rest goes to the same folder.

    Raises:
        PolicyError: the policy cannot be trained: rank, weights, prompt or memory do not fit, or a number is none.
        RecordError: rollouts of another policy, prompt or temperature, or of different numbers per task.
    """
    start_s = time.monotonic()
    checkpoint = read_record(parent, Checkpoint)
    previous = read_record(parent.with_name("update.json"), PolicyUpdate) if this.step > 1 else None
    rollouts = group_rollouts(judged(one for path in scored for one in read_records(path, ScoredSample)))
    is_refused = rollouts[0][0].evaluation.is_refused
    found = rollouts[0][0].sample
    if (found.policy_id, found.seed) != (checkpoint.policy_id, this.seed):
        raise RecordError(
            f"{this.policy_id}: step {this.step} learns from rollouts of {checkpoint.policy_id}, seed {this.seed}, got"
            f" {found.policy_id}, seed {found.seed}; pass those"
        )
    messages_of = messages_by_task((read_record(path, Task) for path in tasks), prompt.style)
    if not is_refused:
        check_rollouts(rollouts, messages_of)
    assert found.temperature is not None, "just checked"
    history = previous.reward_history if previous else None
    reward = run.reward
    rewards = rewards_of_step(rollouts, reward.kind, bonus=reward.bonus, p=reward.p, history=history)
    stopped_reason = previous.stopped_reason if previous else None
    module = _trainer_module(checkpoint)
    if stopped_reason is None:
        trainer = _open(module, checkpoint, base, prompt, run, this.seed)
        if is_refused:
            report, num_without_solution = UpdateReport(0, "none of its tasks can be judged"), None
        else:
            lesson = Lesson(trainer, run, this, rollouts, messages_of, rewards.rewards_P_G)
            report, num_without_solution = _UPDATES[run.method](lesson)
            stopped_reason = _tripped(run, rewards, previous, report)
        if stopped_reason is not None:
            trainer.release()
            trainer = _open(module, checkpoint, base, prompt, run, this.seed)  # as it was before this update
            report = _without_step(report, f"the run stops: {stopped_reason}")
        _save(trainer, output.parent)
        trainer.release()
    else:
        _copy(checkpoint, output.parent)
        report, num_without_solution = UpdateReport(0, f"the run has stopped before: {stopped_reason}"), None
    # A service trains on its own machines; what this one has says nothing about them.
    asked = base.get("device", "auto") if BACKENDS[checkpoint.backend].num_gpus else "cpu"
    device = resolve_device("cuda" if asked == "spread" else asked)
    wall_s = time.monotonic() - start_s
    update = PolicyUpdate(
        policy_id=this.policy_id,
        parent_policy_id=checkpoint.policy_id,
        run_id=this.run_id,
        method=run.method,
        seed=this.seed,
        step=this.step,
        settings=run.read_by_update(),
        task_ids=tuple(sorted(group[0].sample.task_id for group in rollouts)),
        num_rollouts=sum(map(len, rollouts)),
        temperature=found.temperature,
        mean_reward=float(rewards.rewards_P_G.mean()),
        reward_history=rewards.history,
        stopped_reason=stopped_reason,
        num_rollouts_without_solution=num_without_solution,
        wall_s=wall_s,
        gpu_s=wall_s if device.type == "cuda" else 0.0,
        environment=describe_environment(device, 1),
        **asdict(report),
    )
    write_record(output.with_name("update.json"), update)
    # Last, so that a checkpoint that exists is complete.
    write_record(output, _checkpoint(checkpoint, module, this, output.parent))
    return f"{this.policy_id}: mean reward {update.mean_reward:.4g}, " + (
        report.no_update_reason
        or f"max ratio {report.max_ratio:.3g}, {report.num_prompt_tokens + report.num_response_tokens} tokens read,"
        f" {report.num_teacher_tokens} by the teacher, {wall_s:.1f} s"
    )


class Lesson(NamedTuple):
    """What an update is made with and learns from."""

    trainer: Trainer
    run: RunSettings
    this: Step
    rollouts: Rollouts
    messages_of: dict[str, Messages]
    rewards_P_G: np.ndarray


Outcome = tuple[UpdateReport, int | None]
"""What an update did, and how many rollouts had no correct answer to show to the teacher."""


def _policy_gradient(lesson: Lesson) -> Outcome:
    trainer, run, rollouts, messages_of = lesson.trainer, lesson.run, lesson.rollouts, lesson.messages_of
    rewards_P_G = lesson.rewards_P_G
    if run.is_shuffled:
        rewards_P_G = shuffle_rewards(rewards_P_G, lesson.this.seed, lesson.this.step)
    advantages = compute_advantages(run.advantage, rewards_P_G)
    if advantages.no_update_reason is not None and run.entropy_coefficient == 0:
        log.warning("no update: %s", advantages.no_update_reason)
        return UpdateReport(0, advantages.no_update_reason), None
    data = policy_gradient_data(rollouts, messages_of, advantages.advantages_P_G)
    return trainer.update(data, run.learning_rate, run.num_gradient_steps, run.entropy_coefficient), None


def _self_distillation(lesson: Lesson) -> Outcome:
    trainer, run, rollouts, messages_of = lesson.trainer, lesson.run, lesson.rollouts, lesson.messages_of
    places = [(group, position) for group in rollouts for position in range(len(group))]
    samples = [group[position].sample for group, position in places]
    lessons = [
        (
            sdpo_teacher_messages(
                messages_of[sample.task_id],
                *place,
                with_feedback=run.has_feedback,
                with_solution=run.has_solution,
            ),
            sample.token_ids_T or (),
        )
        for sample, place in zip(samples, places, strict=True)
    ]
    advantages = [
        token_advantages(teacher_T, sample.policy_logprobs_T or (), run.beta)
        for teacher_T, sample in zip(trainer.teacher_score_many(lessons), samples, strict=True)
    ]
    data = token_advantage_data(rollouts, messages_of, advantages)
    report = trainer.update(data, run.learning_rate, run.num_gradient_steps)
    num_without = sum(success_solution(*place) is None for place in places) if run.has_solution else None
    return replace(report, num_teacher_tokens=trainer.num_tokens(lessons)), num_without


def _topk_distillation(lesson: Lesson) -> Outcome:
    trainer, run, rollouts, messages_of = lesson.trainer, lesson.run, lesson.rollouts, lesson.messages_of
    places = [(group, position) for group in rollouts for position in range(len(group))]
    data = []
    for group, position in places:
        sample = group[position].sample
        messages = messages_of[sample.task_id]
        data.append(DistillationDatum(messages, topk_messages(messages, group, position), sample.token_ids_T or ()))
    report = trainer.distill(data, run.learning_rate, run.num_gradient_steps, run.top_k, run.divergence)
    return report, sum(success_solution(*place) is None for place in places)


_UPDATES = {
    "grpo": _policy_gradient,
    "rlvr": _policy_gradient,
    "sdpo": _self_distillation,
    "sdpo-topk": _topk_distillation,
}
_TEACHERS: dict[str, TeacherKind] = {"sdpo-topk": "ema"}


def _tripped(run: RunSettings, rewards: StepRewards, previous: PolicyUpdate | None, report: UpdateReport) -> str | None:
    if run.method != "rlvr":
        return None
    return tripped_guard(
        float(rewards.rewards_P_G.mean()),
        previous.mean_reward if previous else None,
        report.kl_sample_train_nats,
        Guards(run.stop.max_kl_nats, run.stop.min_reward_frac),
    )


def _without_step(report: UpdateReport, reason: str) -> UpdateReport:
    log.warning("no update: %s", reason)
    return replace(report, num_gradient_steps=0, no_update_reason=reason)


def _trainer_module(checkpoint: Checkpoint) -> TrainerModule:
    backend = BACKENDS.get(checkpoint.backend)
    if backend is None or backend.trainer is None:
        raise PolicyError(f"{checkpoint.policy_id} runs on backend {checkpoint.backend!r}, which cannot be trained")
    return cast(TrainerModule, importlib.import_module(backend.trainer))


def _open(
    module: TrainerModule,
    checkpoint: Checkpoint,
    base: dict[str, Any],
    prompt: PromptSettings,
    run: RunSettings,
    seed: int,
) -> Trainer:
    teacher: TeacherKind = _TEACHERS.get(run.method, run.teacher)
    return module.open_trainer(checkpoint, base, prompt.chat_template, run.lora_rank, seed, teacher)


def _save(trainer: Trainer, folder: Path) -> None:
    for name in ("adapter", "state"):
        shutil.rmtree(folder / name, ignore_errors=True)
    trainer.save(folder)


def _copy(checkpoint: Checkpoint, folder: Path) -> None:
    assert checkpoint.sampler_path is not None, "a run that has stopped has made a step"
    assert checkpoint.state_path is not None, "the same"
    for name, source in (("adapter", checkpoint.sampler_path), ("state", checkpoint.state_path)):
        shutil.copytree(source, folder / name, dirs_exist_ok=True)


def _checkpoint(parent: Checkpoint, module: TrainerModule, this: Step, folder: Path) -> Checkpoint:
    return Checkpoint(
        policy_id=this.policy_id,
        backend=parent.backend,
        step=this.step,
        base_model=parent.base_model,
        revision=parent.revision,
        sampler_path=str(folder / "adapter"),
        sampler_sha256=module.adapter_digest(folder / "adapter"),
        state_path=str(folder / "state"),
    )
