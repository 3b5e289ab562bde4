"""Facts about rewards."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from kbwf.training.rewards import (
    normalized_reward,
    raw_reward,
    reward_baseline,
    rewards_of_step,
    shuffle_rewards,
    sparse_reward,
)
from kbwf.training.rollouts import group_rollouts
from tests.builders import make_evaluation, make_scored, make_timing

FAILED = make_evaluation()
TWICE = make_evaluation(timing=make_timing(2.0))


def test_the_raw_reward_is_the_speedup_and_the_bonus_if_correct() -> None:
    """A failed kernel gets nothing, no bonus either."""
    assert raw_reward(TWICE) == 2.0
    assert raw_reward(TWICE, bonus=0.5) == 2.5
    assert raw_reward(FAILED, bonus=0.5) == 0.0


def test_the_baseline_is_the_median_of_the_last_32_and_1_before_any() -> None:
    """Of 40 speedups 1 … 40, the last 32 are 9 … 40, with median 24.5."""
    assert reward_baseline(()) == 1.0
    assert reward_baseline((3.0, 1.0, 2.0)) == 2.0
    assert reward_baseline([float(speedup) for speedup in range(1, 41)]) == 24.5


def test_the_normalised_reward_divides_by_what_came_before() -> None:
    """Speedup 2 after 1, 4 and 16: 2 / 4; without a history 2 / 1; the bonus is not divided."""
    assert normalized_reward((1.0, 4.0, 16.0), TWICE) == 0.5
    assert normalized_reward((), TWICE) == 2.0
    assert normalized_reward((1.0, 4.0, 16.0), TWICE, bonus=1.0) == 1.5
    assert normalized_reward((4.0,), FAILED, bonus=1.0) == 0.0


def test_the_sparse_reward_is_strict_at_its_threshold() -> None:
    """A speedup of exactly p is none."""
    assert sparse_reward(TWICE, 1.0) == 1.0
    assert sparse_reward(TWICE, 2.0) == 0.0
    assert sparse_reward(FAILED, 0.0) == 0.0


def test_a_sample_enters_the_history_after_it_has_its_reward() -> None:
    """Speedups 2, fail, 4, 8 in order of index: 2/1, 0, 4/2, 8/median(2, 4)."""
    rollouts = group_rollouts(
        [make_scored(index, speedup) for index, speedup in ((3, 8.0), (0, 2.0), (2, 4.0), (1, None))]
    )
    step = rewards_of_step(rollouts, "normalized")
    assert step.rewards_P_G.tolist() == [[2.0, 0.0, 2.0, 8.0 / 3.0]]
    assert step.history == {"l0_p001": (2.0, 4.0, 8.0)}


def test_histories_of_tasks_are_apart_and_go_on_in_the_next_step() -> None:
    """The second task's reward starts at baseline 1; in the next step both start from their own."""
    rollouts = group_rollouts([make_scored(0, 4.0, task_id="l0_p001"), make_scored(0, 3.0, task_id="l0_p002")])
    first = rewards_of_step(rollouts, "normalized")
    assert first.rewards_P_G.tolist() == [[4.0], [3.0]]
    second = rewards_of_step(rollouts, "normalized", history=first.history)
    assert second.rewards_P_G.tolist() == [[1.0], [1.0]]
    assert second.history == {"l0_p001": (4.0, 4.0), "l0_p002": (3.0, 3.0)}


def test_the_history_forgets_all_but_the_last_32() -> None:
    """40 correct samples leave 32."""
    rollouts = group_rollouts([make_scored(index, index + 1.0) for index in range(40)])
    assert rewards_of_step(rollouts, "raw").history["l0_p001"] == tuple(float(speedup) for speedup in range(9, 41))


def test_kinds_of_reward_are_told_apart() -> None:
    """Speedups 3 and fail, with bonus 1 and threshold 2."""
    rollouts = group_rollouts([make_scored(0, 3.0), make_scored(1)])
    assert rewards_of_step(rollouts, "raw", bonus=1.0).rewards_P_G.tolist() == [[4.0, 0.0]]
    assert rewards_of_step(rollouts, "sparse", p=2.0).rewards_P_G.tolist() == [[1.0, 0.0]]
    assert rewards_of_step(rollouts, "sparse", p=3.0).rewards_P_G.tolist() == [[0.0, 0.0]]


@given(st.lists(st.floats(0, 100), min_size=6, max_size=6), st.integers(0, 2**32 - 1), st.integers(0, 20))
@settings(derandomize=True, deadline=None)
def test_shuffling_keeps_the_rewards_and_the_shape(rewards: list[float], seed: int, step: int) -> None:
    """The same numbers in another order, the same order for the same seed and step."""
    rewards_P_G = np.array(rewards).reshape(2, 3)
    shuffled = shuffle_rewards(rewards_P_G, seed, step)
    assert shuffled.shape == (2, 3)
    assert sorted(shuffled.ravel()) == sorted(rewards)
    assert (shuffled == shuffle_rewards(rewards_P_G, seed, step)).all()


def test_shuffling_crosses_tasks_and_differs_by_step_and_seed() -> None:
    """With 2 tasks of 32 rollouts, rewards of one task reach the other; the argument stays as it was."""
    rewards_P_G = np.repeat([[0.0], [1.0]], 32, axis=1)
    shuffled = shuffle_rewards(rewards_P_G, 0, 1)
    assert 0 < shuffled[0].sum() < 32
    assert rewards_P_G[0].sum() == 0
    assert (shuffled != shuffle_rewards(rewards_P_G, 0, 2)).any()
    assert (shuffled != shuffle_rewards(rewards_P_G, 1, 1)).any()


def test_a_shuffle_is_fair() -> None:
    """Over 2,000 seeds, a reward lands on each of four places a quarter of the time, within five standard errors."""
    rewards_P_G = np.array([[1.0, 0.0], [0.0, 0.0]])
    shares = sum(shuffle_rewards(rewards_P_G, seed, 0) for seed in range(2000)) / 2000
    assert shares == pytest.approx(np.full((2, 2), 0.25), abs=5 * (0.25 * 0.75 / 2000) ** 0.5)
