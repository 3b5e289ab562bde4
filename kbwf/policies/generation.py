"""Drawing tokens from a causal language model.

Axes: L lane (a row of the batch, holding one sample in flight), K lane of one prompt, C column of the padded batch,
T response token, V vocabulary. A model is anything that is called like a transformers causal language model:
`model(input_ids=…, past_key_values=…, use_cache=…)` gives `logits` and `past_key_values`.
"""

from collections.abc import Collection, Sequence
from dataclasses import dataclass, field
from typing import Any

import torch
from transformers import StaticCache

from kbwf.policies.logprobs import log_softmax, widened


@dataclass
class DrawnTokens:
    """One row while it is drawn. T: response tokens, the end-of-sequence token included if drawn."""

    token_ids_T: list[int] = field(default_factory=list)
    sampling_logprobs_T: list[float] = field(default_factory=list)
    policy_logprobs_T: list[float] = field(default_factory=list)
    is_ended: bool = False
    """An end-of-sequence token was drawn."""


@dataclass(frozen=True)
class DrawRequest:
    """One prompt, how many continuations of it, and the seed of their random numbers."""

    prompt_ids: Sequence[int]
    num_samples: int
    seed: int


@torch.inference_mode()
def draw_tokens(
    model: Any,
    requests: Sequence[DrawRequest],
    temperature: float,
    max_tokens: int,
    eos_ids: Collection[int],
    forward_options: dict[str, Any],
    is_cache_static: bool = False,
) -> list[list[DrawnTokens]]:
    """Continuations of all prompts, drawn in one batch: one list of `num_samples` per request.

    Each prompt has random numbers of its own, so that its continuations are those it would have alone: what else is in
    the batch only changes the rounding of the logits. Each prompt goes through the model once, whatever its
    `num_samples`; shorter prompts are padded on the left.

    Args:
        temperature: 0 is greedy; the sampling distribution is then one token with log-probability 0.
        forward_options: passed to the pass over the prompts (`logits_to_keep`, where the model knows it).
        is_cache_static: keys and values in memory that is allocated once, for `max_tokens`, instead of memory that is
            copied at every token. Ended rows then leave when half of the lanes are theirs, not at once.

    Raises:
        PolicyError: the model gave logits that are not numbers.
    """
    device = model.device
    generators = [torch.Generator(device).manual_seed(request.seed) for request in requests]
    drawn = [[DrawnTokens() for _ in range(request.num_samples)] for request in requests]
    lanes = [(prompt, row) for prompt, rows in enumerate(drawn) for row in rows]
    prompt_of_lane_L = torch.tensor([prompt for prompt, _ in lanes], device=device)
    longest = max(len(request.prompt_ids) for request in requests)
    padded = [[*([0] * (longest - len(request.prompt_ids))), *request.prompt_ids] for request in requests]
    padding = _Padding.on_the_left(requests, longest, max_tokens, device)
    options = {**forward_options, **padding.options(0, longest)}
    if is_cache_static:
        options["past_key_values"] = StaticCache(config=model.config, max_cache_len=longest + max_tokens)
    output = model(input_ids=torch.tensor(padded, device=device), use_cache=True, **options)
    cache = output.past_key_values
    cache.reorder_cache(prompt_of_lane_L)
    padding = padding.select(prompt_of_lane_L)
    logits_LV = output.logits[:, -1].index_select(0, prompt_of_lane_L)
    for position in range(max_tokens):
        active = [lane for lane, (_, row) in enumerate(lanes) if not row.is_ended]
        lanes_of_prompt = [[lane for lane in active if lanes[lane][0] == prompt] for prompt in range(len(requests))]
        tokens_L, sampling_L, policy_L = _draw_next(logits_LV, temperature, lanes_of_prompt, generators)
        columns = (tokens_L.tolist(), sampling_L.tolist(), policy_L.tolist())
        for lane in active:
            _, row = lanes[lane]
            token, sampling_logprob, policy_logprob = (column[lane] for column in columns)
            row.token_ids_T.append(token)
            row.sampling_logprobs_T.append(sampling_logprob)
            row.policy_logprobs_T.append(policy_logprob)
            row.is_ended = token in eos_ids
        kept = [lane for lane in active if not lanes[lane][1].is_ended]
        if not kept or position + 1 == max_tokens:
            break
        if len(kept) <= (len(lanes) // 2 if is_cache_static else len(lanes) - 1):
            kept_L = torch.tensor(kept, device=device)
            cache.reorder_cache(kept_L)
            padding = padding.select(kept_L)
            tokens_L = tokens_L[kept_L]
            lanes = [lanes[lane] for lane in kept]
        options = padding.options(longest + position, longest + position + 1)
        output = model(input_ids=tokens_L[:, None], past_key_values=cache, use_cache=True, **options)
        cache = output.past_key_values
        logits_LV = output.logits[:, -1]
    return drawn


def _draw_next(
    logits_LV: torch.Tensor,
    temperature: float,
    lanes_of_prompt: Sequence[Sequence[int]],
    generators: Sequence[torch.Generator],
) -> tuple[torch.Tensor, torch.Tensor, torch.Tensor]:
    """One token per lane [L], its log-probability at `temperature` [L], and at temperature 1 [L].

    A prompt's generator draws for its own lanes and for no other.
    """
    policy_LV = log_softmax(logits_LV)
    if temperature == 0:
        tokens_L = policy_LV.argmax(dim=-1)
        sampling_L = torch.zeros_like(policy_LV[:, 0])
    else:
        sampling_LV = log_softmax(widened(logits_LV) / temperature)
        tokens_L = torch.zeros(len(logits_LV), dtype=torch.long, device=logits_LV.device)
        for lanes, generator in zip(lanes_of_prompt, generators, strict=True):
            if lanes:
                lanes_K = torch.tensor(lanes, device=logits_LV.device)
                odds_KV = sampling_LV.index_select(0, lanes_K).exp()
                tokens_L[lanes_K] = torch.multinomial(odds_KV, 1, generator=generator)[:, 0]
        sampling_L = sampling_LV.gather(1, tokens_L[:, None])[:, 0]
    return tokens_L, sampling_L, policy_LV.gather(1, tokens_L[:, None])[:, 0]


@dataclass(frozen=True)
class _Padding:
    """Where rows of the batch begin, for the model; nothing is said where all begin alike."""

    is_seen_LC: torch.Tensor | None
    """False where a row is padded; C: all columns there will ever be."""
    position_ids_LC: torch.Tensor | None

    @classmethod
    def on_the_left(
        cls, requests: Sequence[DrawRequest], longest: int, max_tokens: int, device: torch.device
    ) -> "_Padding":
        widths_L = torch.tensor([[longest - len(request.prompt_ids)] for request in requests], device=device)
        if not widths_L.any():
            return cls(None, None)
        positions_LC = torch.arange(longest + max_tokens, device=device) - widths_L
        return cls(positions_LC >= 0, positions_LC.clamp(min=0))

    def options(self, begin: int, end: int) -> dict[str, torch.Tensor]:
        """Arguments of the model for columns `begin` to `end`."""
        if self.is_seen_LC is None or self.position_ids_LC is None:
            return {}
        return {"attention_mask": self.is_seen_LC[:, :end], "position_ids": self.position_ids_LC[:, begin:end]}

    def select(self, lanes_L: torch.Tensor) -> "_Padding":
        """Of these rows, in this order."""
        if self.is_seen_LC is None or self.position_ids_LC is None:
            return self
        return _Padding(self.is_seen_LC.index_select(0, lanes_L), self.position_ids_LC.index_select(0, lanes_L))
