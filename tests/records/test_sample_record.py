"""Samples: tokens, log-probabilities and what is derived from them."""

import pytest
from pydantic import ValidationError

from kbwf.records import Sample, Selection
from tests.builders import make_sample, make_selection


def test_the_nll_is_the_negative_sum_and_its_mean_per_token() -> None:
    """-(-0.5 - 1.5 - 1.0) = 3.0 nats over three tokens: 1.0 per token."""
    sample = make_sample(logprobs_T=(-0.5, -1.5, -1.0))
    assert (sample.nll_sum_nats, sample.nll_mean_nats, sample.num_tokens) == (3.0, 1.0, 3)


def test_the_nll_comes_from_temperature_one() -> None:
    """Log-probabilities at the sampling temperature do not enter it."""
    sample = make_sample(logprobs_T=(-1.0, -3.0)).model_copy(update={"sampling_logprobs_T": (-9.0, -9.0)})
    assert sample.nll_mean_nats == 2.0


def test_an_empty_response_has_no_surprisal() -> None:
    """No token, no division by zero; and zero is written without a sign."""
    sample = make_sample(logprobs_T=())
    assert (sample.nll_sum_nats, sample.nll_mean_nats) == (0.0, 0.0)
    assert str(make_sample(logprobs_T=(0.0,)).nll_sum_nats) == "0.0"


@pytest.mark.parametrize("field", ["sampling_logprobs_T", "policy_logprobs_T"])
def test_a_positive_log_probability_is_refused(field: str) -> None:
    """No probability exceeds one."""
    with pytest.raises(ValidationError, match=f"a log-probability in {field} is positive"):
        Sample.model_validate(make_sample().model_dump() | {field: (-0.5, 0.1)})


@pytest.mark.parametrize("field", ["sampling_logprobs_T", "policy_logprobs_T"])
def test_a_log_probability_that_stands_for_none_is_refused(field: str) -> None:
    """A few of them would add up to minus infinity, and surprisal is no number then."""
    with pytest.raises(ValidationError, match=f"a log-probability in {field} is below -9999"):
        Sample.model_validate(make_sample().model_dump() | {field: (-0.5, -1e308)})
    assert Sample.model_validate(make_sample().model_dump() | {field: (-0.5, -9999.0)})


@pytest.mark.parametrize("field", ["sampling_logprobs_T", "policy_logprobs_T"])
def test_a_response_without_a_single_number_is_refused(field: str) -> None:
    """It would be certain, and no other could have less surprisal."""
    empty = make_sample(logprobs_T=()).model_dump() | {"sampling_logprobs_T": None, "policy_logprobs_T": None}
    assert Sample.model_validate(empty | {field: ()})
    with pytest.raises(ValidationError, match=f"a response, but no number in {field}; null says"):
        Sample.model_validate(empty | {"response": "return x", field: ()})


@pytest.mark.parametrize("field", ["num_reported_tokens", "num_prompt_tokens"])
def test_a_number_of_tokens_that_nobody_has_is_refused(field: str) -> None:
    """Sums of it would end in infinity."""
    for count in (-1, 2**31 + 1, 10**300):
        with pytest.raises(ValidationError, match=field):
            Sample.model_validate(make_sample().model_dump() | {field: count})


def test_rounding_above_zero_is_not_refused() -> None:
    """A softmax in 32 bits gives a certain token a log-probability that may be some 1e-7 above zero."""
    assert make_sample(logprobs_T=(1e-7, -0.5)).num_tokens == 2


@pytest.mark.parametrize("field", ["token_ids_T", "sampling_logprobs_T", "policy_logprobs_T"])
def test_tokens_and_log_probabilities_are_equally_many(field: str) -> None:
    """Two of each, and one too few of one kind."""
    short = {"token_ids_T": (1,)}.get(field, (-0.5,))
    with pytest.raises(ValidationError, match=r"\d tokens, but \d numbers in (sampling|policy)_logprobs_T"):
        Sample.model_validate(make_sample().model_dump() | {field: short})


def test_a_policy_that_tells_no_log_probabilities_gives_no_surprisal() -> None:
    """Unknown is not zero."""
    sample = make_sample(logprobs_T=(-1.0,)).model_copy(update={"policy_logprobs_T": None})
    assert Sample.from_json(sample.to_json(), "here") == sample
    assert sample.nll_sum_nats is None and sample.nll_mean_nats is None


def test_a_strategy_that_could_not_choose_claims_nothing() -> None:
    """Neither a success nor a speedup beside the reason."""
    claim = make_selection(2.0).model_dump() | {"unavailable": "no log-probabilities"}
    with pytest.raises(ValidationError, match="could not choose: no log-probabilities"):
        Selection.model_validate(claim)


def test_a_choice_needs_a_correct_sample() -> None:
    """Nothing correct: no index, no speedup and no success can be written."""
    nothing = make_selection(None).model_dump()
    for claim in ({"sample_idx": 3}, {"speedup": 1.1}, {"fast_1": 0.5}):
        with pytest.raises(ValidationError, match="a choice without a correct sample"):
            Selection.model_validate(nothing | claim)


def test_tokens_are_counted_by_whatever_tells_their_number() -> None:
    """Ids, else log-probabilities, else the number that came along, else nobody knows."""
    fields = make_sample(logprobs_T=(-1.0, -2.0)).model_dump()
    without_ids = fields | {"token_ids_T": None, "num_reported_tokens": 5}
    assert Sample.model_validate(without_ids).num_tokens == 2
    silent = without_ids | {"policy_logprobs_T": None, "sampling_logprobs_T": None}
    assert Sample.model_validate(silent).num_tokens == 5
    assert Sample.model_validate(silent | {"num_reported_tokens": None}).num_tokens is None
