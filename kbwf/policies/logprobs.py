"""Log-probabilities of tokens that are given: many prompts with their responses, in batches that fit into memory.

Axes: T response token, V vocabulary. A model is anything that is called like a transformers causal language model.
Prompt and response go through the model together, shorter rows padded on the right, where causal attention does not
see the padding. Gradients flow where the caller has them enabled.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import torch

from kbwf.errors import PolicyError

MAX_LOGITS = 2**28
"""Logits of one batch: 1 GiB in float32, a few times that with the intermediate results."""


@dataclass(frozen=True)
class Passage:
    """A response after its prompt."""

    prompt_ids: tuple[int, ...]
    response_ids: tuple[int, ...]

    @property
    def num_tokens(self) -> int:
        """Of prompt and response together."""
        return len(self.prompt_ids) + len(self.response_ids)


@dataclass(frozen=True)
class BatchLimit:
    """How large a batch may be, its padding included; a batch has one row at least."""

    max_tokens: int = 2**16
    max_logits: int = MAX_LOGITS


@dataclass(frozen=True)
class TokenStatistics:
    """Of one response under the model, nats, at temperature 1."""

    logprobs_T: torch.Tensor
    entropies_T: torch.Tensor


def batches(
    passages: Sequence[Passage], limit: BatchLimit, vocab_size: int, knows_logits_to_keep: bool
) -> list[list[int]]:
    """Positions of the passages, batch by batch, the longest first.

    Neighbours in length share a batch, so that little of it is padding; what does not fit shows in the first batch.
    """
    pending = sorted(range(len(passages)), key=lambda index: (-passages[index].num_tokens, index))
    found: list[list[int]] = []
    while pending:
        columns = passages[pending[0]].num_tokens
        count = 1
        while count < len(pending):
            kept = _logits_to_keep([passages[index] for index in pending[: count + 1]])
            logits_columns = kept if knows_logits_to_keep else columns
            rows = count + 1
            if rows * columns > limit.max_tokens or rows * logits_columns * vocab_size > limit.max_logits:
                break
            count += 1
        found.append(pending[:count])
        pending = pending[count:]
    return found


def response_logits(model: Any, passages: Sequence[Passage], knows_logits_to_keep: bool) -> list[torch.Tensor]:
    """One tensor [T, V] per passage from one pass: row t is about response token t, in the model's precision."""
    columns = max(passage.num_tokens for passage in passages)
    padded = [
        [*passage.prompt_ids, *passage.response_ids, *([0] * (columns - passage.num_tokens))] for passage in passages
    ]
    kept = _logits_to_keep(passages) if knows_logits_to_keep else columns
    options = {"logits_to_keep": kept} if knows_logits_to_keep else {}
    logits = model(input_ids=torch.tensor(padded, device=model.device), use_cache=False, **options).logits
    # The logits at one position are about the next token: the prompt's last to the response's last but one.
    begins = [len(passage.prompt_ids) - 1 - (columns - kept) for passage in passages]
    return [
        logits[row, begin : begin + len(passage.response_ids)]
        for row, (begin, passage) in enumerate(zip(begins, passages, strict=True))
    ]


def token_statistics(logits_TV: torch.Tensor, response_ids: Sequence[int]) -> TokenStatistics:
    """Log-probability of each token of a response, and entropy of the distribution it comes from.

    Raises:
        PolicyError: the model gave logits that are not numbers.
    """
    logprobs_TV = log_softmax(logits_TV)
    targets_T = torch.tensor(response_ids, dtype=torch.long, device=logits_TV.device)
    return TokenStatistics(
        logprobs_TV.gather(1, targets_T[:, None])[:, 0], torch.special.entr(logprobs_TV.exp()).sum(dim=-1)
    )


def passage_logprobs(
    model: Any, passages: Sequence[Passage], knows_logits_to_keep: bool, limit: BatchLimit | None = None
) -> list[torch.Tensor]:
    """Log-probability at temperature 1 of each response token: one tensor [T] per passage, in their order.

    Raises:
        PolicyError: the model gave logits that are not numbers.
    """
    logprobs = [torch.empty(0, device=model.device) for _ in passages]
    answered = [index for index, passage in enumerate(passages) if passage.response_ids]
    vocab_size = model.config.get_text_config().vocab_size
    subset = [passages[index] for index in answered]
    for batch in batches(subset, limit or BatchLimit(), vocab_size, knows_logits_to_keep):
        rows = response_logits(model, [subset[position] for position in batch], knows_logits_to_keep)
        for position, logits_TV in zip(batch, rows, strict=True):
            targets_T = torch.tensor(subset[position].response_ids, device=logits_TV.device)
            logprobs[answered[position]] = log_softmax(logits_TV).gather(1, targets_T[:, None])[:, 0]
    return logprobs


def log_softmax(logits: torch.Tensor) -> torch.Tensor:
    """Over the last axis, in float32 at least.

    Raises:
        PolicyError: a result is NaN.
    """
    logprobs = torch.log_softmax(widened(logits), dim=-1)
    # Before any draw: torch.multinomial on such values would take the whole CUDA context down.
    if torch.isnan(logprobs).any():
        raise PolicyError(
            "the model gave logits that are NaN or infinite; its weights are damaged, or base.dtype is too narrow for"
            " it (float16 overflows where bfloat16 and float32 do not)"
        )
    return logprobs


def widened(logits: torch.Tensor) -> torch.Tensor:
    """In float32 at least: bfloat16 has eight bits of a log-probability."""
    return logits if logits.dtype == torch.float64 else logits.float()


def _logits_to_keep(passages: Sequence[Passage]) -> int:
    """Columns from the right that hold the logits of all responses of a batch; the last of them nobody needs."""
    columns = max(passage.num_tokens for passage in passages)
    return columns - min(len(passage.prompt_ids) for passage in passages) + 1
