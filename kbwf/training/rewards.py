"""Rewards: from evaluations to the numbers that training raises. Axes: P task, G rollout in its group.

After arXiv 2602.07670 and its published code:

    raw          max(0, speedup) + bonus if correct, else 0
    normalized   max(0, speedup / m) + bonus if correct, else 0, m the running median of the task's correct speedups
    sparse       1 if correct and speedup > p, else 0

`sparse` is ours: the paper's open question whether a reward without degrees moves the best step. A speedup is always
positive here, so that max(0, ·) never acts. Where the published code keeps the medians' history in a process, here it
is a value: a step's rewards are a function of the history before it and of its evaluations, in order of sample index.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from statistics import median
from typing import Literal

import numpy as np

from kbwf.metrics.fast_p import is_faster
from kbwf.records import Evaluation
from kbwf.training.rollouts import Rollouts

RewardKind = Literal["raw", "normalized", "sparse"]

BASELINE_WINDOW = 32
"""Correct speedups of a task that its running median looks back on (the published value)."""


@dataclass(frozen=True)
class StepRewards:
    """Rewards of one step's rollouts, and what the next step's normalisation starts from."""

    rewards_P_G: np.ndarray
    history: dict[str, tuple[float, ...]]
    """By task id, its last correct speedups, oldest first, `BASELINE_WINDOW` at most."""


def raw_reward(evaluation: Evaluation, bonus: float = 0.0) -> float:
    """max(0, speedup) + bonus if correct, else 0."""
    return 0.0 if evaluation.speedup is None else max(0.0, evaluation.speedup) + bonus


def reward_baseline(history: Sequence[float]) -> float:
    """Median of the last `BASELINE_WINDOW` correct speedups; 1 before any."""
    return median(history[-BASELINE_WINDOW:]) if history else 1.0


def normalized_reward(history: Sequence[float], evaluation: Evaluation, bonus: float = 0.0) -> float:
    """max(0, speedup / `reward_baseline`) + bonus if correct, else 0.

    Args:
        history: the task's correct speedups before this sample, oldest first. The sample itself is not in it.
    """
    if evaluation.speedup is None:
        return 0.0
    return max(0.0, evaluation.speedup / reward_baseline(history)) + bonus


def sparse_reward(evaluation: Evaluation, p: float = 1.0) -> float:
    """1 if correct and speedup > p (strictly, as in fast_p), else 0."""
    return float(is_faster(evaluation, p))


def rewards_of_step(
    rollouts_P_G: Rollouts,
    kind: RewardKind,
    *,
    bonus: float = 0.0,
    p: float = 1.0,
    history: Mapping[str, Sequence[float]] | None = None,
) -> StepRewards:
    """Rewards of all rollouts of a step; a sample enters its task's history after it has its reward.

    Args:
        bonus: for correctness; of `raw` and `normalized`.
        p: threshold of `sparse`.
        history: what the step before returned; None at the first step.
    """
    histories = {task_id: tuple(speedups) for task_id, speedups in (history or {}).items()}
    rewards_P_G = np.zeros((len(rollouts_P_G), len(rollouts_P_G[0])))
    for row, group in enumerate(rollouts_P_G):
        for column, rollout in enumerate(group):
            evaluation = rollout.evaluation
            before = histories.get(evaluation.task_id, ())
            if kind == "raw":
                reward = raw_reward(evaluation, bonus)
            elif kind == "normalized":
                reward = normalized_reward(before, evaluation, bonus)
            else:
                reward = sparse_reward(evaluation, p)
            rewards_P_G[row, column] = reward
            if evaluation.speedup is not None:
                histories[evaluation.task_id] = (*before, evaluation.speedup)[-BASELINE_WINDOW:]
    return StepRewards(rewards_P_G, histories)


def shuffle_rewards(rewards_P_G: np.ndarray, seed: int, step: int) -> np.ndarray:
    """The same rewards, handed out at random to all samples of all tasks: the control that must not learn.

    Mean and spread stay, so that advantages keep their size; only their connection with the samples is gone.
    """
    return np.random.default_rng([seed, step]).permutation(rewards_P_G.ravel()).reshape(rewards_P_G.shape)
