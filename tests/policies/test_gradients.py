"""Facts about gradients over batches, by hand, on a model with one parameter per pair of tokens."""

import logging
import math
from collections.abc import Sequence
from types import SimpleNamespace

import pytest
import torch

from kbwf.errors import PolicyError
from kbwf.policies.gradients import BatchResult, joined, report_of, sum_gradients
from kbwf.policies.logprobs import BatchLimit, Passage, response_logits, token_statistics
from kbwf.training.objective import policy_gradient_loss

# After token 0 odds are 1:2:5, after 1 they are 5:1:2, after 2 they are 2:5:1.
ODDS = torch.tensor([[1.0, 2.0, 5.0], [5.0, 1.0, 2.0], [2.0, 5.0, 1.0]], dtype=torch.float64)
LOG = {odds: math.log(odds / 8) for odds in (1, 2, 5)}


class MarkovModel:
    """Its parameter holds the logits of the next token, one row per last token; memory ends at `max_rows` rows."""

    device = torch.device("cpu")
    config = SimpleNamespace(get_text_config=lambda: SimpleNamespace(vocab_size=3))

    def __init__(self, max_rows: int = 99) -> None:
        self.logits_VV = torch.nn.Parameter(ODDS.log())
        self.max_rows = max_rows
        self.shapes: list[tuple[int, ...]] = []

    def __call__(self, input_ids: torch.Tensor, **options: object) -> SimpleNamespace:
        """Logits at every position."""
        self.shapes.append(tuple(input_ids.shape))
        if len(input_ids) > self.max_rows:
            raise torch.OutOfMemoryError("out of memory")
        return SimpleNamespace(logits=self.logits_VV[input_ids])


Example = tuple[Passage, tuple[float, ...], tuple[float, ...]]
"""Passage, old log-probabilities, advantages."""


def gradient(model: MarkovModel, examples: Sequence[Example], limit: BatchLimit | None = None):
    """Of the policy gradient's loss over the examples."""
    passages = [passage for passage, _, _ in examples]

    def result_of(batch: Sequence[int]) -> BatchResult:
        rows = response_logits(model, [passages[index] for index in batch], False)
        pairs = zip(batch, rows, strict=True)
        statistics = joined([token_statistics(logits, passages[index].response_ids) for index, logits in pairs])
        old_T, advantages_T = (
            torch.tensor([value for index in batch for value in examples[index][column]], dtype=torch.float64)
            for column in (1, 2)
        )
        return BatchResult(policy_gradient_loss(statistics.logprobs_T, old_T, advantages_T, torch), statistics, old_T)

    return sum_gradients(passages, result_of, [model.logits_VV], limit or BatchLimit(), 3, False)


def test_loss_and_gradient_are_those_computed_by_hand() -> None:
    """Token 2 after 0, probability 5/8, was 5/16: ratio 2, advantage 3, loss -6, gradient -6 (e2 - p)."""
    found = gradient(MarkovModel(), [(Passage((1, 0), (2,)), (math.log(5 / 16),), (3.0,))])
    assert found.results[0].loss.item() == pytest.approx(-6.0, abs=1e-12)
    expected = [[6 * 1 / 8, 6 * 2 / 8, -6 * 3 / 8], [0.0] * 3, [0.0] * 3]
    assert found.gradients[0].tolist() == [pytest.approx(row, abs=1e-12) for row in expected]


def test_prompt_and_padding_have_no_part_in_the_gradient() -> None:
    """Of prompts 0 2 and 0 0 0 1 only the last token predicts; the first row's padding of zeros predicts nothing."""
    examples = [
        (Passage((0, 2), (0,)), (LOG[2],), (8.0,)),
        (Passage((0, 0, 0, 1), (2, 1)), (LOG[2], LOG[5]), (-4.0, 8.0)),
    ]
    model = MarkovModel()
    found = gradient(model, examples)
    assert model.shapes == [(2, 6)]
    # Ratios are 1. After 2: 8 (p - e0) + 8 (p - e1) = 16 p - 8 e0 - 8 e1 with p = 2/8 5/8 1/8. After 1: -4 (p - e2).
    expected = [[0.0, 0.0, 0.0], [-2.5, -0.5, 3.0], [-4.0, 2.0, 2.0]]
    assert found.gradients[0].tolist() == [pytest.approx(row, abs=1e-12) for row in expected]


EXAMPLES: list[Example] = [
    (Passage((index % 3,), tuple((index + k) % 3 for k in range(1 + index % 4))), (-1.0,) * (1 + index % 4), weights)
    for index, weights in enumerate([(1.0,), (2.0, -1.0), (0.5,) * 3, (-1.0,) * 4, (3.0,), (1.0, 1.0), (2.0,) * 3])
]


@pytest.mark.parametrize("limit", [BatchLimit(), BatchLimit(max_tokens=7), BatchLimit(max_logits=1)])
def test_batches_of_any_size_add_up_to_the_same_gradient(limit: BatchLimit) -> None:
    """All together, a few at a time, one by one."""
    whole = gradient(MarkovModel(), EXAMPLES)
    parts = gradient(MarkovModel(), EXAMPLES, limit)
    assert parts.gradients[0].tolist() == [pytest.approx(row, abs=1e-12) for row in whole.gradients[0].tolist()]
    assert sum(result.loss.item() for result in parts.results) == pytest.approx(whole.results[0].loss.item())


def test_a_batch_that_memory_is_too_small_for_is_cut_in_half(caplog: pytest.LogCaptureFixture) -> None:
    """Seven rows fail, then three do, then all go one by one; the gradient is the same and the limit is kept."""
    whole = gradient(MarkovModel(), EXAMPLES)
    small = MarkovModel(max_rows=2)
    with caplog.at_level(logging.WARNING, logger="kbwf.policies.gradients"):
        parts = gradient(small, EXAMPLES)
    assert parts.gradients[0].tolist() == [pytest.approx(row, abs=1e-12) for row in whole.gradients[0].tolist()]
    assert small.shapes[:2] == [(7, 5), (3, 5)]
    assert max(rows for rows, _ in small.shapes[2:]) <= 2
    assert caplog.messages[0] == (
        "the GPU's memory is too small to train on 7 examples of up to 5 tokens at a time; going on with 3"
    )
    assert parts.limit == BatchLimit(max_tokens=5)
    again = MarkovModel(max_rows=2)
    gradient(again, EXAMPLES, parts.limit)
    assert max(rows for rows, _ in again.shapes) <= 2


def test_memory_that_runs_out_half_way_through_a_gradient_leaves_nothing_behind() -> None:
    """The failed batch's gradient is not added; only whole batches count."""
    examples = EXAMPLES[:2]
    whole = gradient(MarkovModel(), examples)
    calls = []

    class Fails(torch.autograd.Function):
        """Runs out of memory the first time its gradient is asked for."""

        @staticmethod
        def forward(context: object, logits: torch.Tensor) -> torch.Tensor:
            """As it is."""
            return logits.clone()

        @staticmethod
        def backward(context: object, gradient: torch.Tensor) -> torch.Tensor:
            """As it is, from the second time on."""
            calls.append(1)
            if len(calls) == 1:
                raise torch.OutOfMemoryError("out of memory")
            return gradient

    class Model(MarkovModel):
        """With a gradient that fails once."""

        def __call__(self, input_ids: torch.Tensor, **options: object) -> SimpleNamespace:
            """Logits at every position."""
            return SimpleNamespace(logits=Fails.apply(super().__call__(input_ids).logits))

    parts = gradient(Model(), examples)
    assert len(calls) == 3
    assert parts.gradients[0].tolist() == [pytest.approx(row, abs=1e-12) for row in whole.gradients[0].tolist()]


def test_an_example_that_memory_is_too_small_for_alone_is_refused() -> None:
    """The message says how long it is."""
    with pytest.raises(PolicyError, match="one example of 5 tokens; lower sampling.max_tokens"):
        gradient(MarkovModel(max_rows=0), EXAMPLES)


def test_the_report_has_means_over_tokens_and_counts() -> None:
    """Two tokens of probability 5/8: old 5/16 and 5/8, hence KL estimates -½ log 2 and ¼ log² 2, ratios 2 and 1."""
    examples = [
        (Passage((1, 0), (2,)), (math.log(5 / 16),), (1.0,)),
        (Passage((1, 1, 1), (0,)), (LOG[5],), (1.0,)),
    ]
    report = report_of(
        gradient(MarkovModel(), examples), [passage for passage, _, _ in examples], [Passage((0,), (2,))]
    )
    assert report.loss == pytest.approx(-3.0)
    assert report.kl_sample_train_nats == pytest.approx(-0.5 * math.log(2))
    assert report.kl_sample_train_v2_nats == pytest.approx(0.25 * math.log(2) ** 2)
    assert report.max_ratio == pytest.approx(2.0)
    assert report.entropy_nats == pytest.approx(1 / 8 * math.log(8) + 2 / 8 * math.log(4) + 5 / 8 * math.log(8 / 5))
    # Rows 0 and 1: 2 (p - e) and p - e, with p - e = (1, 2, -3) / 8 in some order.
    assert report.gradient_norm == pytest.approx(math.sqrt(5 * 14 / 64))
    assert (report.num_prompt_tokens, report.num_response_tokens, report.num_teacher_tokens) == (5, 2, 2)
    assert (report.num_gradient_steps, report.num_batches, report.no_update_reason) == (1, 1, None)
