"""Facts about log-probabilities of given tokens, on a model whose logits are written by hand."""

import math
from types import SimpleNamespace

import pytest
import torch

from kbwf.errors import PolicyError
from kbwf.policies.logprobs import BatchLimit, Passage, batches, passage_logprobs, response_logits, token_statistics

# Token t is followed by odds 1 : 2 : 5, begun at t: after 0 it is 1:2:5, after 1 it is 5:1:2, after 2 it is 2:5:1.
ODDS = torch.tensor([[1.0, 2.0, 5.0], [5.0, 1.0, 2.0], [2.0, 5.0, 1.0]], dtype=torch.float64)


class MarkovModel:
    """The next token depends on the last alone; records the shape of every input."""

    device = torch.device("cpu")
    config = SimpleNamespace(get_text_config=lambda: SimpleNamespace(vocab_size=3))

    def __init__(self) -> None:
        self.shapes: list[tuple[int, ...]] = []

    def __call__(self, input_ids: torch.Tensor, logits_to_keep: int = 0, **options: object) -> SimpleNamespace:
        """Logits of the last positions, or of all."""
        self.shapes.append(tuple(input_ids.shape))
        return SimpleNamespace(logits=ODDS.log()[input_ids][:, -logits_to_keep:])


PASSAGES = [Passage((0,), (2, 0, 1)), Passage((0, 1), ()), Passage((1, 2, 1), (1,)), Passage((2, 2), (0, 0))]


@pytest.mark.parametrize("knows_logits_to_keep", [True, False])
def test_each_token_has_its_own_log_probability_whatever_it_is_batched_with(knows_logits_to_keep: bool) -> None:
    """After 0: 2 (5/8), after 2: 0 (2/8), after 0: 1 (2/8); after 1: 1 (1/8); after 2: 0 (2/8), after 0: 0 (1/8)."""
    scored = passage_logprobs(MarkovModel(), PASSAGES, knows_logits_to_keep)
    expected = [[5 / 8, 2 / 8, 2 / 8], [], [1 / 8], [2 / 8, 1 / 8]]
    assert [logprobs_T.exp().tolist() for logprobs_T in scored] == [pytest.approx(odds) for odds in expected]


def test_a_passage_without_response_takes_no_room_in_a_batch() -> None:
    """Nothing to score, no pass."""
    model = MarkovModel()
    assert passage_logprobs(model, [Passage((0, 1), ())], True)[0].tolist() == []
    assert model.shapes == []


def test_batches_keep_to_their_limits_and_begin_with_the_longest() -> None:
    """Passages of 6, 5, 3 and 3 tokens: with room for 12 two rows of 6 fit, with room for 11 only two rows of 5."""
    passages = [Passage((0,), (0, 0)), Passage((0,) * 5, (0,)), Passage((0,) * 4, (0,)), Passage((0, 0), (0,))]
    assert batches(passages, BatchLimit(max_tokens=12), 3, True) == [[1, 2], [0, 3]]
    assert batches(passages, BatchLimit(max_tokens=11), 3, True) == [[1], [2, 0], [3]]
    assert batches(passages, BatchLimit(max_tokens=1), 3, True) == [[1], [2], [0], [3]]


def test_a_limit_of_logits_counts_only_those_that_are_kept() -> None:
    """Two passages of 6 tokens with prompts of 5 keep 2 columns each: 12 logits of 3 tokens, not 36."""
    passages = [Passage((0,) * 5, (0,))] * 2
    assert batches(passages, BatchLimit(max_logits=12), 3, True) == [[0, 1]]
    assert batches(passages, BatchLimit(max_logits=11), 3, True) == [[0], [1]]
    assert batches(passages, BatchLimit(max_logits=35), 3, False) == [[0], [1]]
    assert batches(passages, BatchLimit(max_logits=36), 3, False) == [[0, 1]]


def test_only_logits_about_response_tokens_are_handed_out() -> None:
    """One row per response token, of the token before it: the prompt's last, and the response's own but the last."""
    rows = response_logits(MarkovModel(), [PASSAGES[0], PASSAGES[2]], True)
    assert [logits_TV.exp().tolist() for logits_TV in rows] == [
        [pytest.approx(row) for row in ODDS[[0, 2, 0]].tolist()],
        [pytest.approx(row) for row in ODDS[[1]].tolist()],
    ]


def test_statistics_are_log_probability_and_entropy() -> None:
    """Odds 1:2:5: entropy is 1/8 log 8 + 2/8 log 4 + 5/8 log 8/5 nats; a token of probability 0 adds none."""
    statistics = token_statistics(ODDS.log()[[0, 1]], (2, 0))
    entropy = 1 / 8 * math.log(8) + 2 / 8 * math.log(4) + 5 / 8 * math.log(8 / 5)
    assert statistics.logprobs_T.exp().tolist() == pytest.approx([5 / 8, 5 / 8])
    assert statistics.entropies_T.tolist() == pytest.approx([entropy, entropy])
    certain = token_statistics(torch.tensor([[0.0, -math.inf]]), (0,))
    assert certain.entropies_T.tolist() == [0.0]


@pytest.mark.parametrize("bad", [math.nan, math.inf])
def test_logits_that_are_no_numbers_are_refused(bad: float) -> None:
    """NaN and infinity."""
    with pytest.raises(PolicyError, match="NaN or infinite"):
        token_statistics(torch.tensor([[0.0, bad]]), (0,))


def test_half_precision_is_widened_before_the_logarithm() -> None:
    """Of bfloat16 logits 0 and 0, minus log 2 to seven digits."""
    statistics = token_statistics(torch.zeros(1, 2, dtype=torch.bfloat16), (0,))
    assert statistics.logprobs_T.dtype == torch.float32
    assert statistics.logprobs_T.item() == pytest.approx(-math.log(2), abs=1e-7)
