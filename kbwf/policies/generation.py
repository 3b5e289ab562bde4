"""Drawing tokens from a causal language model, and giving tokens their log-probabilities.

Axes: K samples of one prompt, T response tokens, V vocabulary. A model is anything that is called like a transformers
causal language model: `model(input_ids=…, past_key_values=…, use_cache=…)` gives `logits` and `past_key_values`.
"""

from collections.abc import Collection, Sequence
from dataclasses import dataclass, field
from typing import Any

import torch

from kbwf.errors import PolicyError

MAX_LOGITS_PER_BATCH = 2**28
"""How many float32 logits one scoring batch may hold: 1 GiB, a few times that with the intermediate results."""


@dataclass
class DrawnTokens:
    """One row while it is drawn. T: response tokens, the end-of-sequence token included if drawn."""

    token_ids_T: list[int] = field(default_factory=list)
    sampling_logprobs_T: list[float] = field(default_factory=list)
    policy_logprobs_T: list[float] = field(default_factory=list)
    is_ended: bool = False
    """An end-of-sequence token was drawn."""


@torch.inference_mode()
def draw_tokens(
    model: Any,
    prompt_ids: Sequence[int],
    num_samples: int,
    seed: int,
    temperature: float,
    max_tokens: int,
    eos_ids: Collection[int],
    forward_options: dict[str, Any],
) -> list[DrawnTokens]:
    """`num_samples` continuations of one prompt, from one pass over the prompt.

    The prompt's cache is computed for one row and repeated, so that the prompt costs the same for any number of
    samples. Rows that have ended leave the batch; no row is ever padded.

    Args:
        temperature: 0 is greedy; the sampling distribution is then one token with log-probability 0.
        forward_options: passed to the pass over the prompt (`logits_to_keep`, where the model knows it).

    Raises:
        PolicyError: the model gave logits that are not numbers.
    """
    device = model.device
    generator = torch.Generator(device).manual_seed(seed)
    drawn = [DrawnTokens() for _ in range(num_samples)]
    active = list(range(num_samples))
    output = model(input_ids=torch.tensor([prompt_ids], device=device), use_cache=True, **forward_options)
    cache = output.past_key_values
    cache.reorder_cache(torch.zeros(num_samples, dtype=torch.long, device=device))
    logits_KV = output.logits[:, -1].expand(num_samples, -1)
    for position in range(max_tokens):
        tokens_K, sampling_K, policy_K = _draw_next(logits_KV.float(), temperature, generator)
        rows = zip(active, tokens_K.tolist(), sampling_K.tolist(), policy_K.tolist(), strict=True)
        for row, token, sampling_logprob, policy_logprob in rows:
            drawn[row].token_ids_T.append(token)
            drawn[row].sampling_logprobs_T.append(sampling_logprob)
            drawn[row].policy_logprobs_T.append(policy_logprob)
            drawn[row].is_ended = token in eos_ids
        kept = [index for index, row in enumerate(active) if not drawn[row].is_ended]
        if not kept or position + 1 == max_tokens:
            break
        if len(kept) < len(active):
            indices = torch.tensor(kept, device=device)
            cache.reorder_cache(indices)
            tokens_K = tokens_K[indices]
            active = [active[index] for index in kept]
        output = model(input_ids=tokens_K[:, None], past_key_values=cache, use_cache=True)
        cache = output.past_key_values
        logits_KV = output.logits[:, -1]
    return drawn


def _draw_next(
    logits_KV: torch.Tensor, temperature: float, generator: torch.Generator
) -> tuple[torch.Tensor, torch.Tensor, torch.Tensor]:
    """One token per row [K], its log-probability at `temperature` [K], and at temperature 1 [K]."""
    policy_KV = _log_softmax(logits_KV)
    if temperature == 0:
        tokens_K = policy_KV.argmax(dim=-1)
        sampling_K = torch.zeros_like(policy_KV[:, 0])
    else:
        sampling_KV = _log_softmax(logits_KV / temperature)
        tokens_K = torch.multinomial(sampling_KV.exp(), 1, generator=generator)[:, 0]
        sampling_K = sampling_KV.gather(1, tokens_K[:, None])[:, 0]
    return tokens_K, sampling_K, policy_KV.gather(1, tokens_K[:, None])[:, 0]


def teacher_forced_logprobs(
    model: Any, prompt_ids: Sequence[int], responses: Sequence[Sequence[int]], knows_logits_to_keep: bool
) -> list[torch.Tensor]:
    """Log-probability at temperature 1 of each token of each response after the prompt: one tensor [T] per response.

    Prompt and response go through the model together; shorter responses are padded on the right, where causal attention
    does not see the padding. Gradients flow where the caller has them enabled.

    Raises:
        PolicyError: the model gave logits that are not numbers.
    """
    logprobs = [torch.empty(0, device=model.device) for _ in responses]
    # Neighbours in length share a batch, so that little of it is padding.
    pending = sorted((index for index, response in enumerate(responses) if response), key=lambda i: len(responses[i]))
    while pending:
        longest = len(responses[pending[-1]])
        columns = longest + 1 if knows_logits_to_keep else longest + len(prompt_ids)
        count = max(1, MAX_LOGITS_PER_BATCH // (columns * model.config.get_text_config().vocab_size))
        batch, pending = pending[-count:], pending[:-count]
        padded = [[*prompt_ids, *responses[i], *([0] * (longest - len(responses[i])))] for i in batch]
        options = {"logits_to_keep": longest + 1} if knows_logits_to_keep else {}
        output = model(input_ids=torch.tensor(padded, device=model.device), use_cache=False, **options)
        # The logits at one position are about the next token: the prompt's last to the response's last but one.
        logits = output.logits[:, -(longest + 1) : -1]
        for row, index in enumerate(batch):
            targets_T = torch.tensor(responses[index], device=model.device)
            logprobs_TV = _log_softmax(logits[row, : len(targets_T)].float())
            logprobs[index] = logprobs_TV.gather(1, targets_T[:, None])[:, 0]
    return logprobs


def _log_softmax(logits: torch.Tensor) -> torch.Tensor:
    logprobs = torch.log_softmax(logits, dim=-1)
    # Before any draw: torch.multinomial on such values would take the whole CUDA context down.
    if torch.isnan(logprobs).any():
        raise PolicyError(
            "the model gave logits that are NaN or infinite; its weights are damaged, or base.dtype is too narrow for"
            " it (float16 overflows where bfloat16 and float32 do not)"
        )
    return logprobs
