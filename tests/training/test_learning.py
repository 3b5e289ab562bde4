"""That training learns: a small policy finds the fast answer of its tasks, and with shuffled rewards it does not.

The demo policy's architecture is trained to give each of four answers to each of two tasks; one of them counts as
faster than the reference, the optimum is to give it always. Everything between the samples and the next policy is the
project's own: rewards, advantages, examples, trainer.
"""

import logging
from pathlib import Path

import numpy as np
import pytest

from kbwf.policies.demo import train_demo_policy
from kbwf.policies.protocols import Draw
from kbwf.policies.trainer import LocalTrainer
from kbwf.records import EvalStatus, Sample, ScoredSample
from kbwf.records.base import canonical_json, sha256_of
from kbwf.training.advantages import AdvantageKind, compute_advantages
from kbwf.training.datums import DistillationDatum, Messages, policy_gradient_data, token_advantage_data
from kbwf.training.rewards import rewards_of_step, shuffle_rewards
from kbwf.training.rollouts import Rollouts, group_rollouts
from kbwf.training.self_distillation import (
    TeacherKind,
    sdpo_teacher_messages,
    teacher_messages,
    token_advantages,
    topk_teacher_messages,
)
from tests.builders import make_evaluation, make_task, make_timing

pytestmark = pytest.mark.learning

log = logging.getLogger(__name__)

MESSAGES_OF: dict[str, Messages] = {
    "l0_p001": ({"role": "user", "content": "Task sum.\nGo."},),
    "l0_p002": ({"role": "user", "content": "Task double.\nGo."},),
}
ANSWERS = {
    "l0_p001": ("return x.sum()", "y = x.sum()\nreturn y", "return torch.sum(x)", "return x.cumsum(0)[-1]"),
    "l0_p002": ("return 2 * x", "return x + x", "y = x.clone()\nreturn y + x", "return x * 2.0"),
}
FAST = {"l0_p001": ANSWERS["l0_p001"][1], "l0_p002": ANSWERS["l0_p002"][2]}
NUM_STEPS = 20
ROLLOUTS_PER_TASK = 16
SEEDS = (0, 1, 2)
LEARNING_RATE = 2e-3


@pytest.fixture(scope="module")
def base_policy(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Gives the fast answer in about a fifth of the cases, and where it is shown an answer, that one."""
    folder = tmp_path_factory.mktemp("base")
    corpus = [
        (MESSAGES_OF[task_id], answer, 0.2 if answer == FAST[task_id] else 0.8 / 3)
        for task_id, answers in ANSWERS.items()
        for answer in answers
    ]
    corpus += [(teacher_messages(MESSAGES_OF[task_id], None, FAST[task_id]), FAST[task_id], 1.0) for task_id in ANSWERS]
    train_demo_policy(corpus, folder, seed=0, num_steps=250, batch_size=4, num_threads=1)
    return folder


def judged(task_id: str, index: int, draw: Draw) -> ScoredSample:
    """Twice as fast as the reference with the fast answer, no kernel with any other text."""
    sample = Sample(
        task_id=task_id,
        policy_id="run",
        seed=0,
        sample_idx=index,
        response=draw.text,
        token_ids_T=draw.token_ids_T,
        sampling_logprobs_T=draw.sampling_logprobs_T,
        policy_logprobs_T=draw.policy_logprobs_T,
        temperature=1.0,
        num_prompt_tokens=draw.num_prompt_tokens,
        finish_reason=draw.finish_reason,
        prompt_sha256=sha256_of(canonical_json(list(MESSAGES_OF[task_id]))),
        model="run",
    )
    timing = make_timing(2.0) if draw.text == FAST[task_id] else None
    evaluation = make_evaluation(index, timing, EvalStatus.NO_KERNEL, task_id=task_id, policy_id="run")
    return ScoredSample(sample=sample, evaluation=evaluation)


def draw_rollouts(trainer: LocalTrainer, seed: int, step: int) -> Rollouts:
    """Of the policy as it is."""
    prompts = [
        (make_task(), messages, ROLLOUTS_PER_TASK, 1000 * seed + 10 * step + position)
        for position, messages in enumerate(MESSAGES_OF.values())
    ]
    drawn = trainer.sample_many(prompts, 1.0, 40)
    return group_rollouts(
        judged(task_id, index, draw)
        for task_id, draws in zip(MESSAGES_OF, drawn, strict=True)
        for index, draw in enumerate(draws)
    )


def reward_trajectory(base_policy: Path, seed: int, kind: AdvantageKind, is_shuffled: bool = False) -> list[float]:
    """Mean reward of steps 0 to `NUM_STEPS`, before any shuffling."""
    trainer = LocalTrainer(str(base_policy), lora_rank=16, seed=seed, device="cpu")
    means = []
    for step in range(NUM_STEPS + 1):
        rollouts = draw_rollouts(trainer, seed, step)
        rewards_P_G = rewards_of_step(rollouts, "sparse").rewards_P_G
        means.append(float(rewards_P_G.mean()))
        if is_shuffled:
            rewards_P_G = shuffle_rewards(rewards_P_G, seed, step)
        advantages = compute_advantages(kind, rewards_P_G)
        if step < NUM_STEPS and advantages.no_update_reason is None:
            trainer.update(policy_gradient_data(rollouts, MESSAGES_OF, advantages.advantages_P_G), LEARNING_RATE)
    return means


def distillation_trajectory(base_policy: Path, seed: int, method: str, teacher: TeacherKind) -> list[float]:
    """The same for self-distillation, the teacher being shown a correct answer of another rollout."""
    trainer = LocalTrainer(str(base_policy), lora_rank=16, seed=seed, teacher=teacher, device="cpu")
    means = []
    for step in range(NUM_STEPS + 1):
        rollouts = draw_rollouts(trainer, seed, step)
        means.append(float(rewards_of_step(rollouts, "sparse").rewards_P_G.mean()))
        places = [(group, position) for group in rollouts for position in range(len(group))]
        samples = [group[position].sample for group, position in places]
        if method == "sdpo":
            taught = [
                sdpo_teacher_messages(MESSAGES_OF[sample.task_id], *place, with_feedback=False, with_solution=True)
                for sample, place in zip(samples, places, strict=True)
            ]
            passages = [(messages, sample.token_ids_T) for messages, sample in zip(taught, samples, strict=True)]
            scores = trainer.teacher_score_many(passages)
            advantages = [
                token_advantages(teacher_T, sample.policy_logprobs_T)
                for teacher_T, sample in zip(scores, samples, strict=True)
            ]
            trainer.update(token_advantage_data(rollouts, MESSAGES_OF, advantages), LEARNING_RATE)
        else:
            lessons = [
                DistillationDatum(
                    MESSAGES_OF[sample.task_id],
                    topk_teacher_messages(MESSAGES_OF[sample.task_id], *place),
                    sample.token_ids_T,
                )
                for sample, place in zip(samples, places, strict=True)
            ]
            trainer.distill(lessons, LEARNING_RATE)
    return means


def show(name: str, trajectories: list[list[float]]) -> None:
    """A line per seed in the log."""
    for seed, means in zip(SEEDS, trajectories, strict=True):
        log.info("%s, seed %d: %s", name, seed, " ".join(f"{mean:.2f}" for mean in means))


@pytest.mark.parametrize("kind", ["batch_normalized", "group_centered", "group_normalized", "leave_one_out"])
def test_the_mean_reward_rises_from_below_three_to_above_seven_tenths(base_policy: Path, kind: AdvantageKind) -> None:
    """Within 20 steps, with each of three seeds."""
    trajectories = [reward_trajectory(base_policy, seed, kind) for seed in SEEDS]
    show(kind, trajectories)
    assert np.mean([means[0] for means in trajectories]) < 0.3
    assert all(means[-1] > 0.7 for means in trajectories)


@pytest.mark.parametrize(
    ("method", "teacher"), [("sdpo", "live"), ("sdpo", "base"), ("sdpo-topk", "ema"), ("sdpo-topk", "base")]
)
def test_a_teacher_that_is_shown_the_answer_teaches_it(base_policy: Path, method: str, teacher: TeacherKind) -> None:
    """From below 0.3 to above 0.7 within 20 steps, with each of three seeds, without any reward."""
    trajectories = [distillation_trajectory(base_policy, seed, method, teacher) for seed in SEEDS]
    show(f"{method}, teacher {teacher}", trajectories)
    assert np.mean([means[0] for means in trajectories]) < 0.3
    assert all(means[-1] > 0.7 for means in trajectories)


def test_with_shuffled_rewards_nothing_is_learned(base_policy: Path) -> None:
    """The same advantages on the wrong samples: no seed gets above a half."""
    trajectories = [reward_trajectory(base_policy, seed, "batch_normalized", is_shuffled=True) for seed in SEEDS]
    show("shuffled", trajectories)
    assert all(max(means) < 0.5 for means in trajectories)
