"""Chat formats as tokens, for a service that takes tokens: two written out here, or the tokenizer's own template.

The formats are published: harmony of gpt-oss (github.com/openai/harmony), and the ChatML of Qwen3. A format that a
model was not trained on makes it a worse model, and no error: the setting `base.renderer` decides, nothing guesses.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

import jinja2

from kbwf.errors import PolicyError
from kbwf.policies.protocols import Message

RendererName = Literal["gpt-oss", "qwen3", "qwen3-no-thinking"]
ChatTemplate = Literal["tokenizer", "plain"]

_STOPS = {
    "gpt-oss": ("<|return|>", "<|call|>"),
    "qwen3": ("<|im_end|>",),
    "qwen3-no-thinking": ("<|im_end|>",),
}
_FINAL = "<|channel|>final<|message|>"


def prompt_text(name: RendererName, messages: Sequence[Message]) -> str:
    """The prompt up to where the answer begins.

    gpt-oss: without a system message of its own, which would name a date and an effort of reasoning; what the caller
    calls system becomes the developer's instructions, as the model's template has it.
    """
    if name == "gpt-oss":
        return "".join(_harmony(message) for message in messages) + "<|start|>assistant"
    turns = "".join(f"<|im_start|>{message['role']}\n{message['content']}<|im_end|>\n" for message in messages)
    thought = "<think>\n\n</think>\n\n" if name == "qwen3-no-thinking" else ""
    return f"{turns}<|im_start|>assistant\n{thought}"


def answer_text(name: RendererName, text: str) -> str:
    """What the model answered, its thoughts left out: empty if it did not come further than those.

    Args:
        text: the response with its special tokens, without the one that ended it.
    """
    if name == "gpt-oss":
        if "<|channel|>" not in text:
            return text
        _, found, answer = text.rpartition(_FINAL)
        return answer.partition("<|end|>")[0] if found else ""
    _, closed, answer = text.rpartition("</think>")
    if not closed:
        return "" if "<think>" in text else text
    return answer.lstrip("\n")


@dataclass(frozen=True)
class Renderer:
    """Messages to tokens and back."""

    tokenizer: Any
    """Of transformers, or what is called like one."""
    source: str
    """Where the tokenizer comes from, for messages."""
    name: RendererName | None
    """None: the tokenizer's template, or the messages as they are."""
    chat_template: ChatTemplate

    def __post_init__(self) -> None:
        if self.name is not None and self.chat_template == "plain":
            raise PolicyError(
                f"base.renderer {self.name} writes a chat, prompt.chat_template plain does not; remove one"
            )
        if self.name is None and self.chat_template == "tokenizer" and not self.tokenizer.chat_template:
            raise PolicyError(f"{self.source} has no chat template; set base.renderer, or prompt.chat_template: plain")
        for token in _STOPS.get(self.name or "", ()):
            if len(self.tokenizer.encode(token, add_special_tokens=False)) != 1:
                raise PolicyError(
                    f"{self.source} does not have {token} as a token, which base.renderer {self.name} ends a response"
                    " with; it is another model's tokenizer"
                )

    @property
    def stop_ids(self) -> tuple[int, ...]:
        """Tokens that end a response."""
        if self.name is None:
            return () if self.tokenizer.eos_token_id is None else (int(self.tokenizer.eos_token_id),)
        return tuple(int(self.tokenizer.encode(token, add_special_tokens=False)[0]) for token in _STOPS[self.name])

    def encode(self, messages: Sequence[Message]) -> list[int]:
        """The prompt's tokens.

        Raises:
            PolicyError: the template does not take these messages.
        """
        if self.name is not None:
            return list(self.tokenizer.encode(prompt_text(self.name, messages), add_special_tokens=False))
        if self.chat_template == "plain":
            return list(
                self.tokenizer("".join(message["content"].strip() + "\n\n" for message in messages))["input_ids"]
            )
        try:
            return list(
                self.tokenizer.apply_chat_template(
                    list(messages), add_generation_prompt=True, tokenize=True, return_dict=False
                )
            )
        except jinja2.TemplateError as error:
            roles = ", ".join(message["role"] for message in messages)
            raise PolicyError(
                f"the chat template of {self.source} does not take these messages ({roles}): {error}; set"
                " base.renderer, or prompt.chat_template: plain"
            ) from error

    def decode(self, token_ids: Sequence[int]) -> str:
        """The answer's text, without the token that ended it."""
        ids = list(token_ids)
        if ids and ids[-1] in self.stop_ids:
            ids.pop()
        if self.name is None:
            return str(self.tokenizer.decode(ids, skip_special_tokens=True))
        return answer_text(self.name, str(self.tokenizer.decode(ids, skip_special_tokens=False)))


def load_tokenizer(source: str) -> Any:
    """From a folder, or of a Hugging Face name.

    Raises:
        PolicyError: there is none.
    """
    # Slow to import, and the formats above do not need it.
    from transformers import AutoTokenizer

    folder = Path(source).expanduser()
    try:
        return AutoTokenizer.from_pretrained(str(folder) if folder.is_dir() else source)
    except (OSError, ValueError, KeyError, ImportError) as error:
        reason = (str(error).strip() or type(error).__name__).splitlines()[0]
        raise PolicyError(
            f"the tokenizer of {source} cannot be loaded: {reason}; set base.tokenizer to a folder that has one"
        ) from error


def _harmony(message: Message) -> str:
    role, content = message["role"], message["content"]
    if role == "system":
        return f"<|start|>developer<|message|># Instructions\n\n{content}\n\n<|end|>"
    channel = "<|channel|>final" if role == "assistant" else ""
    return f"<|start|>{role}{channel}<|message|>{content}<|end|>"
