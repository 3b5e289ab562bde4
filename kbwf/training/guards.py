"""When a long run stops by itself: the guards of RLVR (arXiv 2602.07670, outer loop)."""

import math
from dataclasses import dataclass


@dataclass(frozen=True)
class Guards:
    """The published thresholds."""

    max_kl_nats: float = 0.01
    """Of KL(sample, train) per token: how far the trainer is from the policy that drew the rollouts."""
    min_reward_frac: float = 0.1
    """Of the previous step's mean reward: below it, the policy has collapsed."""


def tripped_guard(
    mean_reward: float, previous_mean_reward: float | None, kl_sample_train_nats: float, guards: Guards
) -> str | None:
    """The first guard that trips, as a sentence with the value found; None if none does.

    A KL that is no number trips too.

    Args:
        mean_reward: over all rollouts of the step, shuffled or not.
        previous_mean_reward: of the step before, rewards of the same kind; None at the first.
    """
    if not math.isfinite(mean_reward):
        return f"the mean reward is {mean_reward}"
    if not kl_sample_train_nats <= guards.max_kl_nats:
        return f"KL(sample, train) is {kl_sample_train_nats:.4g} nats per token, above {guards.max_kl_nats:g}"
    if previous_mean_reward is not None and mean_reward < guards.min_reward_frac * previous_mean_reward:
        return (
            f"the mean reward fell from {previous_mean_reward:.4g} to {mean_reward:.4g}, below"
            f" {guards.min_reward_frac:g} of it"
        )
    return None
