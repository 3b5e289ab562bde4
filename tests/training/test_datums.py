"""Facts about training examples."""

import math

import numpy as np
import pytest

from kbwf.errors import RecordError
from kbwf.records import Sample, ScoredSample
from kbwf.records.base import canonical_json, sha256_of
from kbwf.training.datums import Datum, policy_gradient_data, token_advantage_data
from kbwf.training.rollouts import Rollouts, group_rollouts
from tests.builders import make_evaluation, make_sample

MESSAGES = ({"role": "user", "content": "Sum x."},)
MESSAGES_OF = {"l0_p001": MESSAGES, "l0_p002": MESSAGES}


def rollout(
    index: int, logprobs_T: tuple[float, ...], task_id: str = "l0_p001", temperature: float = 1.0
) -> ScoredSample:
    """A failed rollout that was drawn from `MESSAGES`; its log-probabilities at its temperature are all -9."""
    sample = make_sample(index, logprobs_T, task_id=task_id)
    fields = {
        "prompt_sha256": sha256_of(canonical_json(list(MESSAGES))),
        "temperature": temperature,
        "sampling_logprobs_T": (-9.0,) * len(logprobs_T),
    }
    return ScoredSample(
        sample=type(sample).model_validate({**sample.model_dump(), **fields}),
        evaluation=make_evaluation(index, task_id=task_id),
    )


def two_tasks() -> Rollouts:
    """One rollout of two tokens for the first task, one of a single token for the second."""
    return group_rollouts([rollout(0, (-0.5, -1.5)), rollout(0, (-2.0,), "l0_p002")])


def test_every_token_of_a_rollout_gets_its_advantage_and_its_log_probability_at_temperature_one() -> None:
    """Not the log-probability at the sampling temperature."""
    data = policy_gradient_data(two_tasks(), MESSAGES_OF, np.array([[0.25], [-3.0]]))
    assert data == [
        Datum(MESSAGES, (0, 1), (-0.5, -1.5), (0.25, 0.25)),
        Datum(MESSAGES, (0,), (-2.0,), (-3.0,)),
    ]


def test_tokens_may_have_advantages_of_their_own() -> None:
    """In the order of the rollouts."""
    data = token_advantage_data(two_tasks(), MESSAGES_OF, [[1.0, 2.0], [3.0]])
    assert [datum.advantages_T for datum in data] == [(1.0, 2.0), (3.0,)]
    with pytest.raises(ValueError, match="differ in number"):
        token_advantage_data(two_tasks(), MESSAGES_OF, [[1.0], [3.0]])
    with pytest.raises(ValueError, match="zip"):
        token_advantage_data(two_tasks(), MESSAGES_OF, [[1.0, 2.0]])


def test_temperatures_are_not_mixed() -> None:
    """The message names both."""
    mixed = group_rollouts([rollout(0, (-1.0,)), rollout(1, (-1.0,), temperature=0.25)])
    with pytest.raises(RecordError, match=r"temperatures \[0.25, 1.0\]"):
        policy_gradient_data(mixed, MESSAGES_OF, np.ones((1, 2)))


def test_a_temperature_that_nobody_knows_is_refused() -> None:
    """Some recordings come without it."""
    one = rollout(0, (-1.0,))
    unknown = one.model_copy(update={"sample": one.sample.model_copy(update={"temperature": None})})
    with pytest.raises(RecordError, match=r"temperatures \[None\]"):
        policy_gradient_data(group_rollouts([unknown]), MESSAGES_OF, np.ones((1, 1)))


def test_another_prompt_than_the_sampled_one_is_refused() -> None:
    """Its log-probabilities would be those of other tokens' contexts."""
    with pytest.raises(RecordError, match="was drawn from prompt"):
        policy_gradient_data(
            two_tasks(), {**MESSAGES_OF, "l0_p002": ({"role": "user", "content": "?"},)}, np.ones((2, 1))
        )


def test_a_response_without_tokens_is_refused() -> None:
    """Some policies report text only."""
    with pytest.raises(RecordError, match="no tokens to learn from"):
        policy_gradient_data(group_rollouts([rollout(0, ())]), MESSAGES_OF, np.ones((1, 1)))


def test_a_response_without_log_probabilities_is_refused() -> None:
    """Some policies report tokens, but not how likely they were at temperature 1."""
    scored = rollout(0, (-1.0,))
    silent = Sample.model_validate({**scored.sample.model_dump(), "policy_logprobs_T": None})
    rollouts = group_rollouts([ScoredSample(sample=silent, evaluation=scored.evaluation)])
    with pytest.raises(RecordError, match="has no log-probabilities at temperature 1"):
        policy_gradient_data(rollouts, MESSAGES_OF, np.ones((1, 1)))


@pytest.mark.parametrize("bad", [math.nan, math.inf])
def test_numbers_that_are_none_never_reach_a_trainer(bad: float) -> None:
    """As an advantage or as a log-probability."""
    with pytest.raises(ValueError, match="no finite number"):
        Datum(MESSAGES, (1,), (-1.0,), (bad,))
    with pytest.raises(ValueError, match="no finite number"):
        Datum(MESSAGES, (1,), (-bad,), (1.0,))
