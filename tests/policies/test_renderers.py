"""Chat formats, by hand."""

from pathlib import Path
from typing import Any

import pytest
from transformers import AutoTokenizer, PreTrainedTokenizerFast

from kbwf.errors import PolicyError
from kbwf.policies.renderers import Renderer, answer_text, load_tokenizer, prompt_text

MESSAGES = [{"role": "system", "content": "Be brief."}, {"role": "user", "content": "Hi"}]
HARMONY = ["<|start|>", "<|message|>", "<|end|>", "<|channel|>", "<|return|>", "<|call|>"]
CHATML = ["<|im_start|>", "<|im_end|>", "<think>", "</think>"]


def tokenizer_with(folder: Path, special: list[str]) -> Any:
    """The tiny model's, byte by byte, with these tokens besides."""
    tokenizer = AutoTokenizer.from_pretrained(folder)
    tokenizer.add_tokens(special, special_tokens=True)
    return tokenizer


def test_gpt_oss_has_no_system_message_of_its_own() -> None:
    """What the caller calls system are the developer's instructions."""
    assert prompt_text("gpt-oss", MESSAGES) == (
        "<|start|>developer<|message|># Instructions\n\nBe brief.\n\n<|end|>"
        "<|start|>user<|message|>Hi<|end|>"
        "<|start|>assistant"
    )
    said = {"role": "assistant", "content": "Yes"}
    assert prompt_text("gpt-oss", [said]).startswith("<|start|>assistant<|channel|>final<|message|>Yes<|end|>")


def test_qwen3_thinks_unless_its_thought_is_given_empty() -> None:
    """As its template has `enable_thinking`."""
    turns = "<|im_start|>system\nBe brief.<|im_end|>\n<|im_start|>user\nHi<|im_end|>\n<|im_start|>assistant\n"
    assert prompt_text("qwen3", MESSAGES) == turns
    assert prompt_text("qwen3-no-thinking", MESSAGES) == turns + "<think>\n\n</think>\n\n"


@pytest.mark.parametrize(
    ("text", "answer"),
    [
        ("<|channel|>analysis<|message|>hm<|end|><|start|>assistant<|channel|>final<|message|>x + 1", "x + 1"),
        ("<|channel|>final<|message|>x<|end|>rest", "x"),
        ("<|channel|>analysis<|message|>```python\ncut", ""),
        ("x + 1", "x + 1"),
    ],
)
def test_of_gpt_oss_the_final_channel_is_the_answer(text: str, answer: str) -> None:
    """Thoughts that were cut are none; a model that writes no channels means what it says."""
    assert answer_text("gpt-oss", text) == answer


@pytest.mark.parametrize(
    ("text", "answer"),
    [("<think>\nhm\n</think>\n\nx", "x"), ("hm</think>x", "x"), ("<think>\ncut", ""), ("x", "x")],
)
def test_of_qwen3_what_follows_the_thought_is_the_answer(text: str, answer: str) -> None:
    """The thought's beginning may stand in the prompt."""
    assert answer_text("qwen3", text) == answer


@pytest.mark.parametrize(
    ("name", "special", "stops"), [("gpt-oss", HARMONY, ["<|return|>", "<|call|>"]), ("qwen3", CHATML, ["<|im_end|>"])]
)
def test_a_format_encodes_to_its_own_tokens_and_back(
    tiny_model: Path, name: Any, special: list[str], stops: list[str]
) -> None:
    """Each special token is one id; the token that ended a response is no part of its text."""
    tokenizer = tokenizer_with(tiny_model, special)
    renderer = Renderer(tokenizer, "tiny", name, "tokenizer")
    ids = renderer.encode(MESSAGES)
    assert tokenizer.decode(ids, skip_special_tokens=False) == prompt_text(name, MESSAGES)
    assert ids[0] == tokenizer.convert_tokens_to_ids(special[0])
    assert renderer.stop_ids == tuple(tokenizer.convert_tokens_to_ids(stops))
    response = [*tokenizer.encode("x + 1", add_special_tokens=False), renderer.stop_ids[0]]
    assert renderer.decode(response) == renderer.decode(response[:-1]) == "x + 1"


def test_without_a_name_the_tokenizers_template_decides(tiny_model: Path) -> None:
    """As for policies of this machine, so that both see the same tokens."""
    tokenizer = load_tokenizer(str(tiny_model))
    renderer = Renderer(tokenizer, "tiny", None, "tokenizer")
    assert tokenizer.decode(renderer.encode(MESSAGES)) == "system: Be brief.\nuser: Hi\nassistant: "
    assert tokenizer.decode(Renderer(tokenizer, "tiny", None, "plain").encode(MESSAGES)) == "Be brief.\n\nHi\n\n"
    assert renderer.stop_ids == (0,)
    assert renderer.decode([*tokenizer.encode("yes"), 0]) == "yes"


def test_a_template_that_does_not_take_the_messages_names_their_roles(tiny_model: Path) -> None:
    """Some refuse a system message."""
    tokenizer: PreTrainedTokenizerFast = load_tokenizer(str(tiny_model))
    tokenizer.chat_template = "{{ raise_exception('no system role') }}"
    with pytest.raises(PolicyError, match=r"does not take these messages \(system, user\): no system role"):
        Renderer(tokenizer, "tiny", None, "tokenizer").encode(MESSAGES)


def test_what_does_not_fit_is_refused_when_it_is_made(tiny_model: Path, model_without_chat_template: Path) -> None:
    """A tokenizer of another model, a chat format without chat, a template that is not there, no tokenizer."""
    tokenizer = load_tokenizer(str(tiny_model))
    with pytest.raises(PolicyError, match=r"tiny does not have <\|return\|> as a token"):
        Renderer(tokenizer, "tiny", "gpt-oss", "tokenizer")
    with pytest.raises(PolicyError, match="base.renderer qwen3 writes a chat, prompt.chat_template plain does not"):
        Renderer(tokenizer_with(tiny_model, CHATML), "tiny", "qwen3", "plain")
    with pytest.raises(PolicyError, match="has no chat template; set base.renderer"):
        Renderer(load_tokenizer(str(model_without_chat_template)), "plain", None, "tokenizer")
    with pytest.raises(PolicyError, match="the tokenizer of .* cannot be loaded: .*; set base.tokenizer"):
        load_tokenizer(str(tiny_model / "config.json"))
