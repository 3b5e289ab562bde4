"""Training of the demo policy: a language model of about a million parameters that knows a handful of tasks by heart.

It exists so that the whole pipeline can run on a laptop with real sampling and real log-probabilities. It has learned
which answers there are to each task and how common each is, and nothing about GPU kernels.
"""

import logging
import math
import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import torch
from tokenizers import Tokenizer, decoders, models, pre_tokenizers, trainers
from transformers import LlamaConfig, LlamaForCausalLM, PreTrainedTokenizerFast

from kbwf.policies.protocols import Message

log = logging.getLogger(__name__)

Example = tuple[Sequence[Message], str, float]
"""Prompt, response, and how often the response is seen relative to the others."""

VOCABULARY_SIZE = 1280
"""Bytes, special tokens and merges."""
MAX_CONTEXT = 2048
LEARNING_RATE = 3e-3
INITIALIZER_RANGE = 0.06
"""About one over the root of the width; with the usual 0.02 a model this narrow learns half as fast."""
WARMUP_FRAC = 0.1
WEIGHT_DECAY = 0.01
PROGRESS_INTERVAL_S = 5.0

CHAT_TEMPLATE = (
    "{% for message in messages %}<|{{ message['role'] }}|>{{ message['content'] }}<|end|>{% endfor %}"
    "{% if add_generation_prompt %}<|assistant|>{% endif %}"
)
SPECIAL_TOKENS = ["<|pad|>", "<|begin|>", "<|end|>", "<|system|>", "<|user|>", "<|assistant|>"]


@dataclass(frozen=True)
class PackedPrompt:
    """One prompt and all its responses in one row, so that the prompt goes through the model once.

    L: tokens of the row. T: response tokens of all responses, each response's end included.
    """

    input_ids_L: torch.Tensor
    position_ids_L: torch.Tensor
    """Each response begins where the prompt ends."""
    is_seen_LL: torch.Tensor
    """Row: looking token, column: token looked at. A response sees the prompt and itself, not its neighbours."""
    predicted_at_T: torch.Tensor
    """Position in the row whose output predicts the token; the prompt's last predicts the first of every response."""
    target_ids_T: torch.Tensor
    weights_T: torch.Tensor


def train_demo_policy(
    corpus: Sequence[Example], folder: Path, seed: int, num_steps: int, batch_size: int, num_threads: int
) -> None:
    """Train tokenizer and model on the corpus and write both to `folder`, as `LocalPolicy` loads them.

    The loss is the cross-entropy of the responses' tokens, each response weighted as the corpus says: what drawing
    from the corpus would give on average, without the noise of the draw. `batch_size` prompts, with all their
    responses, make a step. The same arguments give the same weights, bit for bit, on one kind of machine.
    """
    tokenizer = _train_tokenizer(corpus)
    packed = _pack(corpus, tokenizer)
    threads_before = torch.get_num_threads()
    torch.set_num_threads(num_threads)
    try:
        with torch.random.fork_rng(devices=[]):
            torch.manual_seed(seed)
            model = _new_model(tokenizer)
            _fit(model, packed, num_steps, min(batch_size, len(packed)))
    finally:
        torch.set_num_threads(threads_before)
    model.save_pretrained(folder)
    tokenizer.save_pretrained(folder)


def _train_tokenizer(corpus: Sequence[Example]) -> PreTrainedTokenizerFast:
    """Byte-level BPE over prompts (each once) and responses; a merge may span words, but no line break.

    What all prompts share becomes few tokens, so that a prompt costs little; responses stay many small ones.
    """
    prompts = {tuple(message["content"] for message in messages): None for messages, _, _ in corpus}
    texts = [content for prompt in prompts for content in prompt] + [response for _, response, _ in corpus]
    bpe = Tokenizer(models.BPE())
    bpe.pre_tokenizer = pre_tokenizers.Sequence(
        [
            pre_tokenizers.Split("\n", "merged_with_previous"),
            pre_tokenizers.ByteLevel(add_prefix_space=False, use_regex=False),
        ]
    )
    bpe.decoder = decoders.ByteLevel()
    trainer = trainers.BpeTrainer(
        vocab_size=VOCABULARY_SIZE,
        special_tokens=SPECIAL_TOKENS,
        initial_alphabet=pre_tokenizers.ByteLevel.alphabet(),
        show_progress=False,
    )
    bpe.train_from_iterator(texts, trainer)
    tokenizer = PreTrainedTokenizerFast(
        tokenizer_object=bpe,
        pad_token="<|pad|>",
        bos_token="<|begin|>",
        eos_token="<|end|>",
        additional_special_tokens=SPECIAL_TOKENS[3:],
        clean_up_tokenization_spaces=False,
        model_max_length=MAX_CONTEXT,
    )
    tokenizer.chat_template = CHAT_TEMPLATE
    return tokenizer


def _pack(corpus: Sequence[Example], tokenizer: PreTrainedTokenizerFast) -> list[PackedPrompt]:
    responses: dict[tuple[int, ...], list[tuple[str, float]]] = {}
    for messages, response, weight in corpus:
        prompt_ids = tokenizer.apply_chat_template(
            list(messages), add_generation_prompt=True, tokenize=True, return_dict=False
        )
        responses.setdefault(tuple(prompt_ids), []).append((response, weight))
    return [_pack_prompt(list(prompt_ids), weighted, tokenizer) for prompt_ids, weighted in responses.items()]


def _pack_prompt(
    prompt_ids: list[int], weighted: list[tuple[str, float]], tokenizer: PreTrainedTokenizerFast
) -> PackedPrompt:
    input_ids, position_ids = list(prompt_ids), list(range(len(prompt_ids)))
    spans = [(0, len(prompt_ids))]
    predicted_at: list[int] = []
    target_ids: list[int] = []
    weights: list[float] = []
    for response, weight in weighted:
        response_ids = tokenizer(response, add_special_tokens=False)["input_ids"]
        begin = len(input_ids)
        input_ids += response_ids
        position_ids += range(len(prompt_ids), len(prompt_ids) + len(response_ids))
        spans.append((begin, len(input_ids)))
        predicted_at += [len(prompt_ids) - 1, *range(begin, len(input_ids))]
        target_ids += [*response_ids, tokenizer.eos_token_id]
        weights += [weight] * (len(response_ids) + 1)
    is_seen_LL = torch.zeros(len(input_ids), len(input_ids), dtype=torch.bool)
    for begin, end in spans:
        is_seen_LL[begin:end, : len(prompt_ids)] = True
        is_seen_LL[begin:end, begin:end] = True
    return PackedPrompt(
        input_ids_L=torch.tensor(input_ids),
        position_ids_L=torch.tensor(position_ids),
        is_seen_LL=is_seen_LL.tril(),
        predicted_at_T=torch.tensor(predicted_at),
        target_ids_T=torch.tensor(target_ids),
        weights_T=torch.tensor(weights),
    )


def _new_model(tokenizer: PreTrainedTokenizerFast) -> LlamaForCausalLM:
    config = LlamaConfig(
        vocab_size=len(tokenizer),
        hidden_size=192,
        intermediate_size=448,
        num_hidden_layers=2,
        num_attention_heads=4,
        num_key_value_heads=4,
        max_position_embeddings=MAX_CONTEXT,
        tie_word_embeddings=True,
        initializer_range=INITIALIZER_RANGE,
        pad_token_id=tokenizer.pad_token_id,
        bos_token_id=tokenizer.bos_token_id,
        eos_token_id=tokenizer.eos_token_id,
    )
    return LlamaForCausalLM(config)


def _fit(model: LlamaForCausalLM, packed: list[PackedPrompt], num_steps: int, batch_size: int) -> None:
    """AdamW with linear warm-up and cosine decay, over the prompts in a new random order each time round."""
    optimizer = torch.optim.AdamW(
        model.parameters(), lr=LEARNING_RATE, betas=(0.9, 0.98), weight_decay=WEIGHT_DECAY, foreach=True
    )
    scheduler = torch.optim.lr_scheduler.LambdaLR(optimizer, lambda step: _schedule(step, num_steps))
    model.train()
    start_s = shown_s = time.monotonic()
    pending: list[int] = []
    for step in range(1, num_steps + 1):
        if len(pending) < batch_size:
            pending = torch.randperm(len(packed)).tolist()
        indices, pending = pending[:batch_size], pending[batch_size:]
        optimizer.zero_grad()
        losses = []
        # One row at a time: padded to one length, half of a batch would be padding.
        for index in indices:
            loss = response_loss(model, packed[index]) / batch_size
            loss.backward()
            losses.append(loss.item())
        torch.nn.utils.clip_grad_norm_(model.parameters(), 1.0)
        optimizer.step()
        scheduler.step()
        now_s = time.monotonic()
        if now_s - shown_s >= PROGRESS_INTERVAL_S or step == num_steps:
            left_s = (now_s - start_s) / step * (num_steps - step)
            log.info("step %d of %d, loss %.3f nats per token, %.0f s left", step, num_steps, sum(losses), left_s)
            shown_s = now_s
    model.eval()


def _schedule(step: int, num_steps: int) -> float:
    """Fraction of the learning rate at a step (0-based)."""
    warmup_steps = max(1, round(WARMUP_FRAC * num_steps))
    if step < warmup_steps:
        return (step + 1) / warmup_steps
    return 0.5 * (1 + math.cos(math.pi * (step - warmup_steps) / max(1, num_steps - warmup_steps)))


def response_loss(model: LlamaForCausalLM, row: PackedPrompt) -> torch.Tensor:
    """Mean cross-entropy per response token in nats, weighted by response."""
    hidden_LH = model.model(
        input_ids=row.input_ids_L[None],
        position_ids=row.position_ids_L[None],
        attention_mask=row.is_seen_LL[None, None],
        use_cache=False,
    ).last_hidden_state[0]
    logits_TV = model.lm_head(hidden_LH[row.predicted_at_T])
    losses_T = torch.nn.functional.cross_entropy(logits_TV, row.target_ids_T, reduction="none")
    return (row.weights_T * losses_T).sum() / row.weights_T.sum()
