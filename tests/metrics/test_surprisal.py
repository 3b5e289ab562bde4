"""Which negative log-likelihood ranks."""

import pytest

from kbwf.metrics.surprisal import surprisal_nats
from tests.builders import make_sample


def test_mean_and_sum_rank_differently() -> None:
    """Two tokens of 1 nat are more surprising per token, and less in sum, than six tokens of 0.5 nats."""
    short, long = make_sample(0, (-1.0, -1.0)), make_sample(1, (-0.5,) * 6)
    assert surprisal_nats(short, "mean") == pytest.approx(1.0)
    assert surprisal_nats(long, "mean") == pytest.approx(0.5)
    assert surprisal_nats(short, "sum") == pytest.approx(2.0)
    assert surprisal_nats(long, "sum") == pytest.approx(3.0)


def test_surprisal_is_taken_at_temperature_1() -> None:
    """The sampling temperature's log-probabilities play no part."""
    sample = make_sample(0, (-2.0,)).model_copy(update={"sampling_logprobs_T": (-0.001,)})
    assert surprisal_nats(sample, "mean") == 2.0


def test_an_empty_response_has_no_surprisal() -> None:
    """Without tokens both kinds are 0."""
    assert surprisal_nats(make_sample(0, ()), "mean") == 0
    assert surprisal_nats(make_sample(0, ()), "sum") == 0
