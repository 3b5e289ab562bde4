"""One update by each method: what a trainer is given and asked for. Axes: P task, G rollout in its group."""

import logging
from collections.abc import Callable
from dataclasses import replace
from typing import NamedTuple

import numpy as np

from kbwf.run_settings import RunSettings
from kbwf.training.advantages import compute_advantages
from kbwf.training.datums import DistillationDatum, Messages, policy_gradient_data, token_advantage_data
from kbwf.training.rewards import shuffle_rewards
from kbwf.training.rollouts import Rollouts
from kbwf.training.self_distillation import TeacherKind, sdpo_teacher_messages, success_solution, token_advantages
from kbwf.training.self_distillation import topk_teacher_messages as topk_messages
from kbwf.training.update import Trainer, UpdateReport

log = logging.getLogger(__name__)


class Lesson(NamedTuple):
    """What an update is made with and learns from."""

    trainer: Trainer
    run: RunSettings
    seed: int
    step: int
    rollouts: Rollouts
    messages_of: dict[str, Messages]
    rewards_P_G: np.ndarray


Outcome = tuple[UpdateReport, int | None]
"""What an update did, and how many rollouts had no correct answer to show to the teacher."""


def _policy_gradient(lesson: Lesson) -> Outcome:
    trainer, run, rollouts, messages_of = lesson.trainer, lesson.run, lesson.rollouts, lesson.messages_of
    rewards_P_G = lesson.rewards_P_G
    if run.is_shuffled:
        rewards_P_G = shuffle_rewards(rewards_P_G, lesson.seed, lesson.step)
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


_UPDATES: dict[str, Callable[[Lesson], Outcome]] = {
    "grpo": _policy_gradient,
    "rlvr": _policy_gradient,
    "sdpo": _self_distillation,
    "sdpo-topk": _topk_distillation,
}
_TEACHERS: dict[str, TeacherKind] = {"sdpo-topk": "ema"}
"""Of methods that have one of their own; the others' is what the run says."""


def update_by_method(lesson: Lesson) -> Outcome:
    """One update of the lesson's trainer by the method of its run.

    Raises:
        PolicyError: as `Trainer.update`.
    """
    return _UPDATES[lesson.run.method](lesson)


def teacher_of(run: RunSettings) -> TeacherKind:
    """Whose weights teach in this run."""
    return _TEACHERS.get(run.method, run.teacher)
