"""Prompts and responses as the tokens of a model of transformers, within its context."""

from collections.abc import Sequence
from typing import Any

import jinja2

from kbwf.errors import PolicyError
from kbwf.policies.logprobs import Passage
from kbwf.policies.pretrained import ChatTemplate, check_chat_template
from kbwf.policies.protocols import Message


class Encoder:
    """A tokenizer with its chat template, or the plain one."""

    def __init__(self, tokenizer: Any, chat_template: ChatTemplate, base_model: str, context: int | None) -> None:
        """Take the tokenizer.

        Args:
            base_model: what errors call the model.
            context: how many tokens prompt and response have together at most; None: nobody says.

        Raises:
            PolicyError: the tokenizer has no chat template, and is to use it.
        """
        check_chat_template(tokenizer, base_model, chat_template)
        self._tokenizer = tokenizer
        self._chat_template = chat_template
        self._base_model = base_model
        self._context = context

    def decode(self, token_ids: Sequence[int]) -> str:
        """Text without special tokens."""
        return str(self._tokenizer.decode(token_ids, skip_special_tokens=True))

    def passages(self, passages: Sequence[tuple[Sequence[Message], tuple[int, ...]]]) -> list[Passage]:
        """Encoded, each prompt once however many responses it has.

        Raises:
            PolicyError: a prompt and its response do not fit the context.
        """
        known: dict[str, tuple[int, ...]] = {}
        encoded = []
        for messages, response in passages:
            key = repr(messages)
            if key not in known:
                known[key] = tuple(self.encode(messages))
            self.check_length(len(known[key]), len(response))
            encoded.append(Passage(known[key], tuple(response)))
        return encoded

    def encode(self, messages: Sequence[Message]) -> list[int]:
        """A prompt, up to where the response begins.

        Raises:
            PolicyError: the chat template does not take these messages.
        """
        if self._chat_template == "plain":
            text = "".join(message["content"].strip() + "\n\n" for message in messages)
            return list(self._tokenizer(text)["input_ids"])
        try:
            return list(
                self._tokenizer.apply_chat_template(
                    list(messages), add_generation_prompt=True, tokenize=True, return_dict=False
                )
            )
        except jinja2.TemplateError as error:
            raise PolicyError(
                f"the chat template of {self._base_model} does not take these messages"
                f" ({', '.join(message['role'] for message in messages)}): {error}; set prompt.chat_template: plain"
            ) from error

    def check_length(self, num_prompt_tokens: int, num_response_tokens: int) -> None:
        """Whether both fit the context.

        Raises:
            PolicyError: they do not.
        """
        context = self._context
        if context is not None and num_prompt_tokens + num_response_tokens > context:
            raise PolicyError(
                f"the prompt has {num_prompt_tokens} tokens, but {self._base_model} has room for"
                f" {context - num_response_tokens}: its context of {context} less {num_response_tokens} response"
                " tokens; lower sampling.max_tokens, or use a model with a longer context"
            )
