"""A tiny random model that is loaded like any other."""

from pathlib import Path

import pytest
import torch
from tokenizers import Tokenizer, decoders, models, pre_tokenizers
from transformers import GenerationConfig, LlamaConfig, LlamaForCausalLM, PreTrainedTokenizerFast

SPECIAL_TOKENS = ["<|end|>", "<|stop|>", "<|pad|>"]
"""Ids 0, 1 and 2; the first two end a response."""

CHAT_TEMPLATE = (
    "{% for message in messages %}{{ message['role'] }}: {{ message['content'] }}\n{% endfor %}"
    "{% if add_generation_prompt %}assistant: {% endif %}"
)


def save_tiny_model(
    folder: Path, chat_template: str | None, eos_token_id: int | list[int] | None, *, is_ascii: bool = False
) -> Path:
    """A Llama of width 32 and two layers with random weights, its tokens being bytes."""
    letters = sorted(pre_tokenizers.ByteLevel.alphabet())
    if is_ascii:  # visible characters, space and line break
        letters = [letter for letter in letters if letter.isascii() or letter in "ĠĊ"]
    vocabulary = {token: index for index, token in enumerate([*SPECIAL_TOKENS, *letters])}
    bpe = Tokenizer(models.BPE(vocab=vocabulary, merges=[]))
    bpe.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=False, use_regex=False)
    bpe.decoder = decoders.ByteLevel()
    tokenizer = PreTrainedTokenizerFast(tokenizer_object=bpe, eos_token="<|end|>", pad_token="<|pad|>")
    tokenizer.chat_template = chat_template
    tokenizer.save_pretrained(folder)
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(0)
        model = LlamaForCausalLM(
            LlamaConfig(
                vocab_size=len(vocabulary),
                hidden_size=32,
                intermediate_size=64,
                num_hidden_layers=2,
                num_attention_heads=4,
                num_key_value_heads=2,
                max_position_embeddings=128,
                # Wide enough that tokens differ clearly in probability.
                initializer_range=0.4,
                eos_token_id=0,
                pad_token_id=2,
            )
        )
    model.generation_config = GenerationConfig(eos_token_id=eos_token_id, pad_token_id=2)
    model.save_pretrained(folder)
    return folder


@pytest.fixture(scope="session")
def tiny_model(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """With a chat template and two tokens that end a response."""
    return save_tiny_model(tmp_path_factory.mktemp("tiny"), CHAT_TEMPLATE, [0, 1])


@pytest.fixture(scope="session")
def model_without_chat_template(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Like a base model: no chat template, and generation settings that name no end."""
    return save_tiny_model(tmp_path_factory.mktemp("plain"), None, None)
