"""Advantages: rewards relative to a set of rewards. Axes: P task, G rollout in its group.

    batch_normalized   (r - mean) / std over all samples of all tasks: arXiv 2602.07670, after TTRL (arXiv 2504.16084)
    group_centered     r - mean of the group: Dr. GRPO (arXiv 2503.20783), without its other changes
    group_normalized   (r - mean) / std of the group: GRPO (arXiv 2402.03300, section 4.1.2), without clip and KL term
    leave_one_out      r - mean of the other rollouts of the group: RLOO (arXiv 2402.14740)

std is the sample standard deviation (n - 1), at least `MIN_STD`, as in the published code of the first.

Deviation, in all four: a set whose rewards are all equal gets advantages of exactly 0. Rounding would leave 1e-17 or
so, and Adam, which divides by the gradient's size, would make a whole step of it. Where no advantage is left there is
no update, and a reason to say so.
"""

from dataclasses import dataclass
from typing import Literal

import numpy as np

AdvantageKind = Literal["batch_normalized", "group_centered", "group_normalized", "leave_one_out"]

MIN_STD = 1e-6


@dataclass(frozen=True)
class Advantages:
    """One advantage per rollout; all of its tokens get it."""

    advantages_P_G: np.ndarray
    no_update_reason: str | None
    """Why nothing can be learned from them; None if something can."""


def compute_advantages(kind: AdvantageKind, rewards_P_G: np.ndarray) -> Advantages:
    """Advantages of a step.

    Raises:
        ValueError: no rewards, or one that is no finite number.
    """
    if rewards_P_G.size == 0 or not np.isfinite(rewards_P_G).all():
        raise ValueError(f"advantages need finite rewards, at least one; got {rewards_P_G.tolist()}")
    if kind == "batch_normalized":
        advantages_P_G = batch_normalized(rewards_P_G)
    elif kind == "group_centered":
        advantages_P_G = group_centered(rewards_P_G)
    elif kind == "group_normalized":
        advantages_P_G = group_normalized(rewards_P_G)
    else:
        advantages_P_G = leave_one_out(rewards_P_G)
    return Advantages(advantages_P_G, None if advantages_P_G.any() else _no_update_reason(kind, rewards_P_G))


def batch_normalized(rewards_P_G: np.ndarray) -> np.ndarray:
    """(r - mean) / std, both over the whole step: a task that succeeds more often gets the higher advantages."""
    return _normalized(rewards_P_G.ravel()).reshape(rewards_P_G.shape)


def group_centered(rewards_P_G: np.ndarray) -> np.ndarray:
    """r - mean of its group: tasks with widely spread rewards weigh more."""
    return np.array([_centered(rewards_G) for rewards_G in rewards_P_G])


def group_normalized(rewards_P_G: np.ndarray) -> np.ndarray:
    """(r - mean) / std of its group: all tasks weigh alike, however little their rewards differ."""
    return np.array([_normalized(rewards_G) for rewards_G in rewards_P_G])


def leave_one_out(rewards_P_G: np.ndarray) -> np.ndarray:
    """r - mean of the others of its group: G / (G - 1) times the centred reward; 0 for a group of one."""
    group_size = rewards_P_G.shape[1]
    return group_centered(rewards_P_G) * (group_size / max(1, group_size - 1))


def _centered(rewards_G: np.ndarray) -> np.ndarray:
    return np.zeros_like(rewards_G) if np.ptp(rewards_G) == 0 else rewards_G - rewards_G.mean()


def _normalized(rewards_G: np.ndarray) -> np.ndarray:
    centered_G = _centered(rewards_G)
    return centered_G / max(rewards_G.std(ddof=1), MIN_STD) if centered_G.any() else centered_G


def _no_update_reason(kind: AdvantageKind, rewards_P_G: np.ndarray) -> str:
    num_tasks, group_size = rewards_P_G.shape
    if np.ptp(rewards_P_G) == 0:
        return f"all {rewards_P_G.size} rewards are {rewards_P_G.flat[0]:g}: no sample is better than another"
    if group_size == 1:
        return f"{kind} compares the rollouts of a task, and each of the {num_tasks} tasks has one"
    return (
        f"the {group_size} rollouts of each of the {num_tasks} tasks have equal rewards, and {kind} compares only them"
    )
