"""Facts about the guards of a long run."""

import math

import pytest

from kbwf.training.guards import Guards, tripped_guard

GUARDS = Guards()


@pytest.mark.parametrize(
    ("reward", "previous", "kl", "reason"),
    [
        (math.nan, 1.0, 0.0, "the mean reward is nan"),
        (math.inf, None, 0.0, "the mean reward is inf"),
        (1.0, 1.0, 0.02, "KL(sample, train) is 0.02 nats per token, above 0.01"),
        (1.0, 1.0, math.nan, "KL(sample, train) is nan nats per token, above 0.01"),
        (0.05, 1.0, 0.0, "the mean reward fell from 1 to 0.05, below 0.1 of it"),
        (0.0, 0.5, 0.0, "the mean reward fell from 0.5 to 0, below 0.1 of it"),
    ],
)
def test_a_guard_trips_and_says_which(reward: float, previous: float | None, kl: float, reason: str) -> None:
    """With the value found and the threshold."""
    assert tripped_guard(reward, previous, kl, GUARDS) == reason


@pytest.mark.parametrize(
    ("reward", "previous", "kl"),
    [(1.0, None, 0.0), (0.5, 5.0, 0.01), (0.0, 0.0, 0.0), (0.0, None, -0.02)],
)
def test_no_guard_trips_at_its_threshold(reward: float, previous: float | None, kl: float) -> None:
    """Exactly a tenth, exactly 0.01, a policy that never had a reward, a noisy estimate below 0."""
    assert tripped_guard(reward, previous, kl, GUARDS) is None


def test_thresholds_can_be_others() -> None:
    """Of both kinds."""
    assert tripped_guard(0.4, 1.0, 0.0, Guards(min_reward_frac=0.5)) is not None
    assert tripped_guard(1.0, 1.0, 0.02, Guards(max_kl_nats=0.1)) is None
