"""What a batch of responses adds to an update: its loss, and what the policy thinks of its tokens.

Axes: T response token, V vocabulary, N likeliest tokens; one [T, V] of logits for each response of the batch.
"""

from collections.abc import Sequence
from functools import partial

import torch
from torch.utils.checkpoint import checkpoint

from kbwf.policies.gradients import BatchResult, joined
from kbwf.policies.logprobs import TokenStatistics, log_softmax, token_statistics
from kbwf.training.datums import Datum, DistillationDatum
from kbwf.training.objective import Divergence, entropy_regularized, policy_gradient_loss, topk_divergences

_recomputed = partial(checkpoint, use_reentrant=False, preserve_rng_state=False)
"""Calls a function, and calls it again for its gradient instead of keeping what it computed on the way: for every token
of a response that is a float32 number per word of the vocabulary."""


def policy_gradient_of(
    logits: Sequence[torch.Tensor], data: Sequence[Datum], entropy_coefficient: float
) -> BatchResult:
    """The importance-sampling policy gradient, with a bonus for entropy if asked (`training.objective`)."""
    statistics = joined(
        [
            _recomputed(token_statistics, logits_TV, datum.token_ids_T)
            for logits_TV, datum in zip(logits, data, strict=True)
        ]
    )
    old_logprobs_T = _flat([datum.old_logprobs_T for datum in data], statistics.logprobs_T)
    advantages_T = _flat([datum.advantages_T for datum in data], statistics.logprobs_T)
    loss = policy_gradient_loss(statistics.logprobs_T, old_logprobs_T, advantages_T, torch)
    if entropy_coefficient:
        loss = entropy_regularized(loss, statistics.entropies_T, entropy_coefficient)
    return BatchResult(loss, statistics, old_logprobs_T)


def distillation_of(
    logits: Sequence[torch.Tensor],
    teacher_logits: Sequence[torch.Tensor],
    data: Sequence[DistillationDatum],
    top_k: int,
    divergence: Divergence,
) -> BatchResult:
    """The divergence from the teacher at the student's `top_k` likeliest tokens."""
    divergences, statistics = zip(
        *(
            _recomputed(_divergences, logits_TV, teacher_TV, datum.token_ids_T, top_k, divergence)
            for logits_TV, teacher_TV, datum in zip(logits, teacher_logits, data, strict=True)
        ),
        strict=True,
    )
    return BatchResult(torch.cat(divergences).sum(), joined(statistics), None)


def _divergences(
    logits_TV: torch.Tensor,
    teacher_logits_TV: torch.Tensor,
    response_ids: Sequence[int],
    top_k: int,
    divergence: Divergence,
) -> tuple[torch.Tensor, TokenStatistics]:
    """Per token [T], and what the student's distributions are like."""
    likeliest_T_N = logits_TV.detach().topk(min(top_k, logits_TV.shape[-1]), dim=-1).indices
    student_T_N = log_softmax(logits_TV).gather(1, likeliest_T_N)
    teacher_T_N = log_softmax(teacher_logits_TV).gather(1, likeliest_T_N)
    divergences_T = topk_divergences(student_T_N, teacher_T_N, divergence, torch)
    return divergences_T, token_statistics(logits_TV, response_ids)


def _flat(values: Sequence[Sequence[float]], like: torch.Tensor) -> torch.Tensor:
    return torch.tensor([value for row in values for value in row], dtype=like.dtype, device=like.device)
