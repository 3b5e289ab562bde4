"""Facts about drawing tokens, on a model whose logits are written by hand."""

import math
from types import SimpleNamespace

import pytest
import torch

from kbwf.errors import PolicyError
from kbwf.policies.generation import DrawRequest, draw_tokens

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
    rows = draw_tokens(HandWrittenModel(LOGITS), [DrawRequest([0], 200, 1)], 0.5, 3, (), {})[0]
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
    rows = draw_tokens(HandWrittenModel(LOGITS), [DrawRequest([0], 3000, 7)], 0.5, 1, (), {})[0]
    frequency = sum(row.token_ids_T == [2] for row in rows) / 3000
    assert frequency == pytest.approx(25 / 30, abs=5 * math.sqrt(25 / 30 * 5 / 30 / 3000))


def test_greedy_takes_the_likeliest_token_with_probability_one() -> None:
    """At temperature 0 the sampling log-probability is 0, the policy's stays log 5/8."""
    (row,) = draw_tokens(HandWrittenModel(LOGITS), [DrawRequest([0], 1, 1)], 0, 2, (), {})[0]
    assert row.token_ids_T == [2, 2]
    assert row.sampling_logprobs_T == [0.0, 0.0]
    assert row.policy_logprobs_T == pytest.approx([math.log(5 / 8)] * 2)


def test_the_prompt_passes_once_and_ended_rows_leave_the_batch() -> None:
    """First the prompt in one row; then one token per row that has not ended, never more."""
    model = HandWrittenModel(LOGITS)
    rows = draw_tokens(model, [DrawRequest([0, 1, 2, 0], 8, 3)], 1.0, 5, {2}, {})[0]
    lengths = [len(row.token_ids_T) for row in rows]
    assert model.shapes[0] == (1, 4)
    expected = [(sum(length > position for length in lengths), 1) for position in range(1, max(lengths))]
    assert model.shapes[1:] == expected
    assert min(lengths) < max(lengths)


def test_a_row_ends_with_the_first_end_token_which_counts() -> None:
    """The end token is the last token of its row and of no other place; rows without one are cut at max_tokens."""
    rows = draw_tokens(HandWrittenModel(LOGITS), [DrawRequest([0], 50, 3)], 1.0, 4, {1, 2}, {})[0]
    for row in rows:
        assert all(token == 0 for token in row.token_ids_T[:-1])
        assert row.is_ended == (row.token_ids_T[-1] in {1, 2})
        assert row.is_ended or len(row.token_ids_T) == 4
    assert {row.token_ids_T[-1] for row in rows if row.is_ended} == {1, 2}


@pytest.mark.parametrize("bad", [math.nan, math.inf])
def test_logits_that_are_no_numbers_are_refused(bad: float) -> None:
    """NaN and infinity stop the draw before anything is drawn from them."""
    with pytest.raises(PolicyError, match="NaN or infinite"):
        draw_tokens(HandWrittenModel([0.0, bad, 1.0]), [DrawRequest([0], 2, 1)], 1.0, 3, (), {})[0]


class CountingModel:
    """Odds that depend on all tokens seen and on their positions, so that a wrong mask or position shows.

    Its cache is the list of what was seen; it is called like a transformers model, with the padding told.
    """

    device = torch.device("cpu")

    def __call__(
        self,
        input_ids: torch.Tensor,
        past_key_values: "SeenTokens | None" = None,
        attention_mask: torch.Tensor | None = None,
        position_ids: torch.Tensor | None = None,
        **options: object,
    ) -> SimpleNamespace:
        """Logits of the last position: a hash-like sum over tokens that the mask lets through."""
        seen = past_key_values or SeenTokens(input_ids[:, :0], input_ids[:, :0])
        begin = seen.tokens_LC.shape[1]
        if position_ids is None:
            position_ids = torch.arange(begin, begin + input_ids.shape[1]).expand(input_ids.shape)
        seen = SeenTokens(
            torch.cat([seen.tokens_LC, input_ids], dim=1), torch.cat([seen.positions_LC, position_ids], dim=1)
        )
        mask_LC = torch.ones_like(seen.tokens_LC) if attention_mask is None else attention_mask
        assert mask_LC.shape == seen.tokens_LC.shape
        sums_L = (mask_LC * (1 + seen.tokens_LC) * (3 + 7 * seen.positions_LC)).sum(dim=1)
        logits = ((sums_L[:, None] * torch.tensor([1, 5, 11, 3])) % 13).double() / 5
        return SimpleNamespace(logits=logits[:, None], past_key_values=seen)


class SeenTokens:
    """A cache that says exactly what it holds."""

    def __init__(self, tokens_LC: torch.Tensor, positions_LC: torch.Tensor) -> None:
        self.tokens_LC, self.positions_LC = tokens_LC, positions_LC

    def reorder_cache(self, lanes_L: torch.Tensor) -> None:
        """Select and repeat rows."""
        self.tokens_LC, self.positions_LC = self.tokens_LC[lanes_L], self.positions_LC[lanes_L]


REQUESTS = [DrawRequest([1, 2], 5, 11), DrawRequest([3], 3, 12), DrawRequest([0, 1, 2, 3, 1], 4, 13)]


@pytest.mark.parametrize("temperature", [0.0, 0.7, 1.0])
def test_a_prompt_s_samples_do_not_depend_on_what_else_is_in_the_batch(temperature: float) -> None:
    """Prompts of one, two and five tokens, together and alone: the same tokens and the same numbers."""
    together = draw_tokens(CountingModel(), REQUESTS, temperature, 8, {3}, {})
    alone = [draw_tokens(CountingModel(), [request], temperature, 8, {3}, {})[0] for request in REQUESTS]
    assert together == alone
    assert [len(rows) for rows in together] == [5, 3, 4]
    assert {row.is_ended for rows in together for row in rows} == {True, False} or temperature == 0


def test_the_same_prompt_with_another_seed_has_other_samples() -> None:
    """Each request has random numbers of its own."""
    requests = [DrawRequest([1, 2], 8, seed) for seed in (1, 2, 1)]
    first, second, third = draw_tokens(CountingModel(), requests, 1.0, 6, {}, {})
    assert first == third != second
