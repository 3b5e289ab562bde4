"""Facts about advantages, with rewards [[0, 2], [4, 6]] unless said otherwise."""

import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from kbwf.training.advantages import MIN_STD, AdvantageKind, compute_advantages

REWARDS_P_G = np.array([[0.0, 2.0], [4.0, 6.0]])
KINDS: tuple[AdvantageKind, ...] = ("batch_normalized", "group_centered", "group_normalized", "leave_one_out")


@pytest.mark.parametrize(
    ("kind", "expected"),
    [
        # Mean 3, sum of squares 9 + 1 + 1 + 9 = 20, sample variance 20 / 3.
        ("batch_normalized", np.array([[-3.0, -1.0], [1.0, 3.0]]) / math.sqrt(20 / 3)),
        ("group_centered", [[-1.0, 1.0], [-1.0, 1.0]]),
        # Sample variance of each group (1 + 1) / 1.
        ("group_normalized", np.array([[-1.0, 1.0], [-1.0, 1.0]]) / math.sqrt(2)),
        ("leave_one_out", [[-2.0, 2.0], [-2.0, 2.0]]),
    ],
)
def test_advantages_are_those_computed_by_hand(kind: AdvantageKind, expected: np.ndarray) -> None:
    """Of the whole step, or of each task's group."""
    result = compute_advantages(kind, REWARDS_P_G)
    assert result.advantages_P_G == pytest.approx(np.array(expected), abs=1e-12)
    assert result.no_update_reason is None


def test_leave_one_out_subtracts_the_mean_of_the_others() -> None:
    """Rewards 1, 2, 6: 1 - 4, 2 - 3.5, 6 - 1.5."""
    result = compute_advantages("leave_one_out", np.array([[1.0, 2.0, 6.0]]))
    assert result.advantages_P_G == pytest.approx(np.array([[-3.0, -1.5, 4.5]]))


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("reward", [0.0, 0.1, 1e8 / 3])
def test_equal_rewards_give_exactly_no_advantage_and_a_reason(kind: AdvantageKind, reward: float) -> None:
    """The mean of three times 0.1 is not 0.1, and still the advantages are exactly 0."""
    result = compute_advantages(kind, np.full((3, 3), reward))
    assert not result.advantages_P_G.any()
    assert result.no_update_reason == f"all 9 rewards are {reward:g}: no sample is better than another"


@pytest.mark.parametrize("kind", KINDS[1:])
def test_groups_that_are_equal_within_teach_nothing_by_comparison_within(kind: AdvantageKind) -> None:
    """One task solved always, the other never: only the whole step's comparison has something to say."""
    rewards_P_G = np.array([[1.0, 1.0], [0.0, 0.0]])
    assert compute_advantages(kind, rewards_P_G).no_update_reason == (
        f"the 2 rollouts of each of the 2 tasks have equal rewards, and {kind} compares only them"
    )
    assert compute_advantages("batch_normalized", rewards_P_G).no_update_reason is None


@pytest.mark.parametrize("kind", KINDS[1:])
def test_a_group_of_one_has_nothing_to_be_compared_with(kind: AdvantageKind) -> None:
    """No division by zero; a reason instead."""
    result = compute_advantages(kind, np.array([[1.0], [2.0]]))
    assert result.advantages_P_G.tolist() == [[0.0], [0.0]]
    assert "has one" in str(result.no_update_reason)


def test_a_single_reward_gives_no_update() -> None:
    """One sample has no standard deviation."""
    assert compute_advantages("batch_normalized", np.array([[5.0]])).advantages_P_G.tolist() == [[0.0]]


def test_the_standard_deviation_has_a_floor() -> None:
    """Rewards 1e-9 apart are divided by 1e-6, not by their own spread."""
    result = compute_advantages("batch_normalized", np.array([[0.0, 1e-9]]))
    assert result.advantages_P_G == pytest.approx(np.array([[-5e-10, 5e-10]]) / MIN_STD)


@pytest.mark.parametrize("bad", [[[math.nan, 1.0]], [[math.inf, 1.0]], np.zeros((0, 0))])
def test_rewards_that_are_no_numbers_are_refused(bad: list) -> None:
    """NaN and infinity, and no reward at all."""
    with pytest.raises(ValueError, match="finite rewards"):
        compute_advantages("batch_normalized", np.array(bad))


@given(
    st.lists(st.integers(-50, 50), min_size=6, max_size=6),
    st.integers(-5, 5),
    st.integers(1, 4),
    st.sampled_from(["batch_normalized", "group_normalized"]),
)
@settings(derandomize=True, deadline=None)
def test_normalised_advantages_know_neither_zero_nor_unit(
    rewards: list[int], shift: int, factor: int, kind: AdvantageKind
) -> None:
    """A shift and a positive factor of the rewards change nothing; each set adds up to 0."""
    rewards_P_G = np.array(rewards, dtype=float).reshape(2, 3)
    ours = compute_advantages(kind, rewards_P_G).advantages_P_G
    assert compute_advantages(kind, factor * rewards_P_G + shift).advantages_P_G == pytest.approx(ours, abs=1e-9)
    assert (ours if kind == "group_normalized" else ours.ravel()).sum(axis=-1) == pytest.approx(0, abs=1e-9)
