"""Gradients of a loss over many responses, added up over batches that fit into memory.

Axes: T response token. The losses are sums over tokens, so that the way the responses are cut into batches changes the
gradient by rounding only.
"""

import logging
import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass

import torch

from kbwf.errors import PolicyError
from kbwf.policies.logprobs import BatchLimit, Passage, TokenStatistics, batches
from kbwf.training.objective import kl_estimates
from kbwf.training.update import UpdateReport

log = logging.getLogger(__name__)


@dataclass(frozen=True)
class BatchResult:
    """What one batch adds."""

    loss: torch.Tensor
    statistics: TokenStatistics
    """Of all responses of the batch, one after the other."""
    old_logprobs_T: torch.Tensor | None
    """None where no other policy drew the tokens, as in distillation."""


@dataclass(frozen=True)
class GradientSum:
    """Over all batches."""

    gradients: list[torch.Tensor]
    """One per parameter."""
    results: list[BatchResult]
    """Without their graphs."""
    limit: BatchLimit
    """What turned out to fit into memory."""


def sum_gradients(
    passages: Sequence[Passage],
    result_of: Callable[[Sequence[int]], BatchResult],
    parameters: Sequence[torch.nn.Parameter],
    limit: BatchLimit,
    vocab_size: int,
    knows_logits_to_keep: bool,
) -> GradientSum:
    """Gradient of the sum of `result_of`'s losses.

    A batch that a GPU's memory is too small for is cut in half, and so are those after it.

    Args:
        passages: the longest that each example is read in; they decide which examples share a batch.
        result_of: loss of the examples at these positions.

    Raises:
        PolicyError: memory is too small for a single example.
    """
    sums = [torch.zeros_like(parameter) for parameter in parameters]
    results: list[BatchResult] = []
    pending = batches(passages, limit, vocab_size, knows_logits_to_keep)
    while pending:
        batch = pending.pop(0)
        try:
            result = result_of(batch)
            # Not `backward`, which may have added half of its gradients when memory runs out.
            gradients = torch.autograd.grad(result.loss, parameters)
        except torch.OutOfMemoryError as error:
            if len(batch) == 1:
                raise PolicyError(
                    "the GPU's memory is too small to train on one example of"
                    f" {passages[batch[0]].num_tokens} tokens; lower sampling.max_tokens, or take a smaller model"
                ) from error
        else:
            for total, gradient in zip(sums, gradients, strict=True):
                total.add_(gradient)
            results.append(_detached(result))
            continue
        # Outside the handler, where the failed batch's tensors are gone.
        limit = _halved(limit, len(batch), max(passages[index].num_tokens for index in batch))
        left = sorted(index for positions in (batch, *pending) for index in positions)
        again = batches([passages[index] for index in left], limit, vocab_size, knows_logits_to_keep)
        pending = [[left[position] for position in positions] for positions in again]
    return GradientSum(sums, results, limit)


def report_of(gradient_sum: GradientSum, passages: Sequence[Passage], lessons: Sequence[Passage]) -> UpdateReport:
    """Of one gradient step.

    Args:
        lessons: what a teacher read.
    """
    statistics = joined([result.statistics for result in gradient_sum.results])
    old = [result.old_logprobs_T for result in gradient_sum.results if result.old_logprobs_T is not None]
    kl_v1, kl_v2, max_ratio = 0.0, 0.0, 0.0
    if old:
        kl_v1, kl_v2 = kl_estimates(statistics.logprobs_T, torch.cat(old))
        max_ratio = (statistics.logprobs_T - torch.cat(old)).max().exp().item()
    return UpdateReport(
        num_gradient_steps=1,
        no_update_reason=None,
        loss=sum(result.loss.item() for result in gradient_sum.results),
        kl_sample_train_nats=kl_v1,
        kl_sample_train_v2_nats=kl_v2,
        max_ratio=max_ratio,
        entropy_nats=statistics.entropies_T.mean().item(),
        gradient_norm=math.sqrt(sum(gradient.double().square().sum().item() for gradient in gradient_sum.gradients)),
        num_prompt_tokens=sum(len(passage.prompt_ids) for passage in passages),
        num_response_tokens=sum(len(passage.response_ids) for passage in passages),
        num_teacher_tokens=sum(lesson.num_tokens for lesson in lessons),
        num_batches=len(gradient_sum.results),
    )


def joined(statistics: Sequence[TokenStatistics]) -> TokenStatistics:
    """Of several responses, one after the other."""
    return TokenStatistics(
        torch.cat([one.logprobs_T for one in statistics]), torch.cat([one.entropies_T for one in statistics])
    )


def _detached(result: BatchResult) -> BatchResult:
    statistics = TokenStatistics(result.statistics.logprobs_T.detach(), result.statistics.entropies_T.detach())
    return BatchResult(result.loss.detach(), statistics, result.old_logprobs_T)


def _halved(limit: BatchLimit, num_rows: int, num_columns: int) -> BatchLimit:
    halved = BatchLimit(num_rows // 2 * num_columns, limit.max_logits)
    log.warning(
        "the GPU's memory is too small to train on %d examples of up to %d tokens at a time; going on with %d",
        num_rows,
        num_columns,
        num_rows // 2,
    )
    if torch.cuda.is_available():
        torch.cuda.empty_cache()
    return halved
