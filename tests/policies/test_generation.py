"""Facts about drawing tokens, on a model whose logits are written by hand."""

import math
from types import SimpleNamespace

import pytest
import torch

from kbwf.errors import PolicyError
from kbwf.policies.generation import draw_tokens, teacher_forced_logprobs

# exp gives odds 1 : 2 : 5, hence probabilities 1/8, 2/8, 5/8; at temperature 0.5 odds 1 : 4 : 25.
LOGITS = [0.0, math.log(2), math.log(5)]


class HandWrittenModel:
    """Always the same logits, whatever came before; records the shape of every input."""

    device = torch.device("cpu")
    config = SimpleNamespace(get_text_config=lambda: SimpleNamespace(vocab_size=3))

    def __init__(self, logits: list[float]) -> None:
        self.logits = torch.tensor(logits)
        self.shapes: list[tuple[int, ...]] = []

    def __call__(self, input_ids: torch.Tensor, **options: object) -> SimpleNamespace:
        """Logits for every position, and a cache that needs no care."""
        self.shapes.append(tuple(input_ids.shape))
        cache = SimpleNamespace(reorder_cache=lambda indices: None)
        return SimpleNamespace(logits=self.logits.expand(*input_ids.shape, 3), past_key_values=cache)


def test_both_log_probabilities_are_those_of_the_softmax() -> None:
    """Odds 1:2:5 at temperature 1 and 1:4:25 at temperature 0.5, divided by their sums."""
    rows = draw_tokens(HandWrittenModel(LOGITS), [0], 200, 1, 0.5, 3, (), {})
    policy = [math.log(1 / 8), math.log(2 / 8), math.log(5 / 8)]
    sampling = [math.log(1 / 30), math.log(4 / 30), math.log(25 / 30)]
    seen = set()
    for row in rows:
        for token, at_t, at_1 in zip(row.token_ids_T, row.sampling_logprobs_T, row.policy_logprobs_T, strict=True):
            assert at_t == pytest.approx(sampling[token], abs=1e-6)
            assert at_1 == pytest.approx(policy[token], abs=1e-6)
            seen.add(token)
    assert seen == {0, 1, 2}


def test_tokens_are_drawn_as_often_as_the_temperature_says() -> None:
    """The likeliest of odds 1:4:25 is drawn 25/30 of the time, within five standard errors of 3,000 draws."""
    rows = draw_tokens(HandWrittenModel(LOGITS), [0], 3000, 7, 0.5, 1, (), {})
    frequency = sum(row.token_ids_T == [2] for row in rows) / 3000
    assert frequency == pytest.approx(25 / 30, abs=5 * math.sqrt(25 / 30 * 5 / 30 / 3000))


def test_greedy_takes_the_likeliest_token_with_probability_one() -> None:
    """At temperature 0 the sampling log-probability is 0, the policy's stays log 5/8."""
    (row,) = draw_tokens(HandWrittenModel(LOGITS), [0], 1, 1, 0, 2, (), {})
    assert row.token_ids_T == [2, 2]
    assert row.sampling_logprobs_T == [0.0, 0.0]
    assert row.policy_logprobs_T == pytest.approx([math.log(5 / 8)] * 2)


def test_the_prompt_passes_once_and_ended_rows_leave_the_batch() -> None:
    """First the prompt in one row; then one token per row that has not ended, never more."""
    model = HandWrittenModel(LOGITS)
    rows = draw_tokens(model, [0, 1, 2, 0], 8, 3, 1.0, 5, {2}, {})
    lengths = [len(row.token_ids_T) for row in rows]
    assert model.shapes[0] == (1, 4)
    expected = [(sum(length > position for length in lengths), 1) for position in range(1, max(lengths))]
    assert model.shapes[1:] == expected
    assert min(lengths) < max(lengths)


def test_a_row_ends_with_the_first_end_token_which_counts() -> None:
    """The end token is the last token of its row and of no other place; rows without one are cut at max_tokens."""
    rows = draw_tokens(HandWrittenModel(LOGITS), [0], 50, 3, 1.0, 4, {1, 2}, {})
    for row in rows:
        assert all(token == 0 for token in row.token_ids_T[:-1])
        assert row.is_ended == (row.token_ids_T[-1] in {1, 2})
        assert row.is_ended or len(row.token_ids_T) == 4
    assert {row.token_ids_T[-1] for row in rows if row.is_ended} == {1, 2}


@pytest.mark.parametrize("bad", [math.nan, math.inf])
def test_logits_that_are_no_numbers_are_refused(bad: float) -> None:
    """NaN and infinity stop the draw before anything is drawn from them."""
    with pytest.raises(PolicyError, match="NaN or infinite"):
        draw_tokens(HandWrittenModel([0.0, bad, 1.0]), [0], 2, 1, 1.0, 3, (), {})


def test_scoring_gives_each_token_its_own_log_probability() -> None:
    """Tokens 2, 0, 1 have log 5/8, 1/8, 2/8; an empty response has none; order is that of the call."""
    scored = teacher_forced_logprobs(HandWrittenModel(LOGITS), [0, 0], [(2, 0, 1), (), (1,)], False)
    assert scored[0].tolist() == pytest.approx([math.log(5 / 8), math.log(1 / 8), math.log(2 / 8)])
    assert scored[1].tolist() == []
    assert scored[2].tolist() == pytest.approx([math.log(2 / 8)])


def test_scoring_splits_batches_that_would_not_fit(monkeypatch: pytest.MonkeyPatch) -> None:
    """With room for one row of logits at a time, three responses take three passes, longest first."""
    monkeypatch.setattr("kbwf.policies.generation.MAX_LOGITS_PER_BATCH", 1)
    model = HandWrittenModel(LOGITS)
    scored = teacher_forced_logprobs(model, [0], [(1,), (1, 2, 0), (2, 2)], False)
    assert model.shapes == [(1, 4), (1, 3), (1, 2)]
    assert [len(logprobs_T) for logprobs_T in scored] == [1, 3, 2]
