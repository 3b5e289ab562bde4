"""Update a policy: step n of a run, from the rollouts of step n - 1. Axes: P task, G rollout in its group."""

import importlib
import logging
import shutil
import time
from collections.abc import Sequence
from dataclasses import asdict, replace
from pathlib import Path
from typing import Any, NamedTuple, cast

from kbwf.errors import PolicyError, RecordError
from kbwf.judge.device import describe_environment, resolve_device
from kbwf.policies.table import BACKENDS
from kbwf.records import Checkpoint, PolicyUpdate, ScoredSample, Task
from kbwf.records.evaluation import judged
from kbwf.run_settings import RunSettings
from kbwf.settings import PromptSettings
from kbwf.store import read_record, read_records, write_record
from kbwf.tasks.prompts import messages_by_task
from kbwf.training.datums import check_rollouts
from kbwf.training.guards import Guards, tripped_guard
from kbwf.training.methods import Lesson, teacher_of, update_by_method
from kbwf.training.rewards import StepRewards, rewards_of_step
from kbwf.training.rollouts import group_rollouts
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
            lesson = Lesson(trainer, run, this.seed, this.step, rollouts, messages_of, rewards.rewards_P_G)
            report, num_without_solution = update_by_method(lesson)
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
    return module.open_trainer(checkpoint, base, prompt.chat_template, run.lora_rank, seed, teacher_of(run))


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
