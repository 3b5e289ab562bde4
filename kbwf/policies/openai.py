"""Any server that speaks OpenAI's HTTP interface (vLLM, SGLang, llama.cpp, and hosted ones): it samples, no more.

One request per sample, each with a seed of its own: `n` is not known to every server, nor does it mean the same seeds
to those that know it. What log-probabilities a server gives depends on how it was started, and its answer does not
say: `base.logprobs_temperature` does (docs/servers.md).
"""

import hashlib
import logging
import os
from collections.abc import Sequence
from concurrent.futures import FIRST_EXCEPTION, ThreadPoolExecutor, wait
from pathlib import Path
from typing import Any, Literal

from kbwf.errors import PolicyError
from kbwf.policies.http import Server
from kbwf.policies.keys import checked_key
from kbwf.policies.openai_answers import read_response
from kbwf.policies.protocols import Draw, Message
from kbwf.records import Checkpoint, Task
from kbwf.settings import BaseSettings, PromptSettings

log = logging.getLogger(__name__)


def describe_policy(policy_id: str, settings: dict[str, Any], prompt: PromptSettings, demo: Path | None) -> Checkpoint:
    """See `PolicyModule`: the server is asked which models it has.

    Raises:
        PolicyError: the key or URL is wrong, or the server does not have the model.
        InfrastructureError: the server does not answer.
    """
    base = BaseSettings.model_validate(settings)
    listed = _server(base, max_attempts=3).ask("GET", "/models").get("data")
    names = [str(model.get("id")) for model in listed if isinstance(model, dict)] if isinstance(listed, list) else []
    if base.model not in names:
        raise PolicyError(
            f"base.model {base.model!r} is not on the server {base.base_url}; it has {', '.join(names[:10]) or 'none'}"
            f"{f' and {len(names) - 10} more' if len(names) > 10 else ''}"
        )
    return Checkpoint(policy_id=policy_id, backend="openai", step=0, base_model=base.model, revision=None)


def open_sampler(checkpoint: Checkpoint, settings: dict[str, Any], prompt: PromptSettings) -> "ServedPolicy":
    """See `PolicyModule`. Nothing is asked yet."""
    base = BaseSettings.model_validate(settings)
    return ServedPolicy(base, prompt, _server(base))


class ServedPolicy:
    """A `Sampler` of a model on a server."""

    def __init__(self, base: BaseSettings, prompt: PromptSettings, server: Server) -> None:
        self.model = base.model
        self._base, self._prompt, self._server = base, prompt, server

    def sample(
        self, task: Task, messages: Sequence[Message], num_samples: int, seed: int, temperature: float, max_tokens: int
    ) -> list[Draw]:
        """`num_samples` responses, `base.max_in_flight` of them asked for at a time.

        The same seeds are sent for the same arguments; whether the server then gives the same tokens is up to it.

        Raises:
            PolicyError: the server refuses, or answers with something that is no response.
            InfrastructureError: it was busy or not there until the deadline.
        """
        common = self._body(messages, temperature, max_tokens)
        bodies = [{**common, "seed": sample_seed(seed, position)} for position in range(num_samples)]
        with ThreadPoolExecutor(max_workers=min(self._base.max_in_flight, num_samples)) as pool:
            asked = [pool.submit(self._server.ask, "POST", self._path, body) for body in bodies]
            done, waiting = wait(asked, return_when=FIRST_EXCEPTION)
            for request in waiting:  # one has failed: what has not begun need not be paid for
                request.cancel()
        for request in done:
            request.result()
        draws = [self._draw(request.result(), temperature) for request in asked]
        if any(draw.policy_logprobs_T is None for draw in draws):
            log.warning("%s: samples without log-probabilities at temperature 1; none can rank them", task.task_id)
        return draws

    def release(self) -> None:
        """It holds nothing."""

    @property
    def _is_chat(self) -> bool:
        return self._prompt.chat_template == "tokenizer"

    @property
    def _path(self) -> str:
        return "/chat/completions" if self._is_chat else "/completions"

    def _body(self, messages: Sequence[Message], temperature: float, max_tokens: int) -> dict[str, Any]:
        # top_p is said because a server may have taken another default from the model's own folder.
        body: dict[str, Any] = {
            "model": self._base.model, "temperature": temperature, "max_tokens": max_tokens, "top_p": 1.0,
        }  # fmt: skip
        if self._is_chat:
            body["messages"] = list(messages)
        else:
            body["prompt"] = "\n\n".join(message["content"] for message in messages) + "\n\n"
        if self._base.logprobs_temperature != "none":
            # Of completions it is the number of likeliest tokens, and some servers take 0 for no.
            body["logprobs"] = True if self._is_chat else 1
        return {**body, **self._base.extra_body}

    def _draw(self, answer: dict[str, Any], temperature: float) -> Draw:
        try:
            response = read_response(answer, self._is_chat)
        except (KeyError, TypeError, ValueError, AttributeError) as error:
            raise PolicyError(
                f"{self._server.base_url}: the answer of {self.model} is no {self._path} response"
                f" ({type(error).__name__}: {error}); base.base_url must be that of an OpenAI-compatible server"
            ) from error
        given_T, token_ids_T = response.logprobs_T, response.token_ids_T
        if given_T is not None and token_ids_T is not None and len(given_T) != len(token_ids_T):
            raise PolicyError(
                f"{self._server.base_url}: {len(token_ids_T)} tokens, but {len(given_T)} log-probabilities in an"
                f" answer of {self.model}; set base.logprobs_temperature: none, or do not ask for token ids"
            )
        return Draw(
            text=response.text,
            token_ids_T=token_ids_T,
            sampling_logprobs_T=given_T if self._is_at(temperature, "sampling") else None,
            policy_logprobs_T=given_T if self._is_at(temperature, "one") else None,
            num_prompt_tokens=response.num_prompt_tokens,
            finish_reason=response.finish_reason,
            num_reported_tokens=response.num_reported_tokens,
        )

    def _is_at(self, temperature: float, wanted: Literal["one", "sampling"]) -> bool:
        """Whether what the server gives is at the wanted temperature; at a sampling temperature of 1 it is both."""
        given = self._base.logprobs_temperature
        return given == wanted or (given != "none" and temperature == 1.0)


def sample_seed(seed: int, position: int) -> int:
    """31-bit seed of one sample of a draw, from a hash of both: more bits do not fit every server's integers."""
    digest = hashlib.sha256(f"{seed}/{position}".encode()).digest()
    return int.from_bytes(digest[:4], "big") >> 1


def _server(base: BaseSettings, **others: Any) -> Server:
    if base.base_url is None:
        raise PolicyError("base.base_url is missing; give the URL of the server")
    key = checked_key("OPENAI_API_KEY", os.environ.get("OPENAI_API_KEY"))
    return Server(base.base_url, key, base.timeout_s, base.deadline_s, **others)
