"""One response out of a server's answer: each part is what it must be, or is named in the error."""

from typing import Any, Literal, NamedTuple

from kbwf.errors import PolicyError
from kbwf.records.sample import MAX_NUM_TOKENS, MIN_LOGPROB

FINISH_REASONS: dict[str, Literal["stop", "length"]] = {
    "stop": "stop",
    "eos": "stop",
    "tool_calls": "stop",  # the model ended its turn
    "length": "length",
}
MAX_SHOWN_CHARS = 100
"""Of a value that is wrong, in a message."""


class Response(NamedTuple):
    """What an answer holds. T: response tokens."""

    text: str
    token_ids_T: tuple[int, ...] | None
    logprobs_T: tuple[float, ...] | None
    """At the temperature that `base.logprobs_temperature` says; None where any token lacks one."""
    num_prompt_tokens: int | None
    num_reported_tokens: int | None
    finish_reason: Literal["stop", "length"] | None
    """None where the server gives none, or one of its own (`content_filter`): what was drawn is a sample still."""


def read_response(answer: dict[str, Any], is_chat: bool) -> Response:
    """The response of an answer to `/chat/completions`, or else to `/completions`.

    Raises:
        KeyError, TypeError, ValueError, AttributeError: it is no such answer.
        PolicyError: a log-probability is missing, positive or not a number.
    """
    (choice,) = answer["choices"]
    text = _text(choice["message"]["content"] if is_chat else choice["text"], may_be_missing=is_chat)
    usage = answer.get("usage") or {}
    num_reported_tokens = _count("completion_tokens", usage.get("completion_tokens"))
    logprobs_T = _logprobs(choice.get("logprobs"), text)
    token_ids = choice.get("token_ids")
    if _is_incomplete(logprobs_T, num_reported_tokens):
        logprobs_T = None
    elif token_ids is None:
        token_ids = _ids_beside_logprobs(choice)
    return Response(
        text=text,
        token_ids_T=None if token_ids is None else tuple(_whole("a token id", each) for each in token_ids),
        logprobs_T=logprobs_T,
        num_prompt_tokens=_count("prompt_tokens", usage.get("prompt_tokens")),
        num_reported_tokens=num_reported_tokens,
        finish_reason=_finish_reason(choice.get("finish_reason")),
    )


def _text(given: Any, may_be_missing: bool) -> str:
    if given is None and may_be_missing:  # as of a response that is all reasoning
        return ""
    if not isinstance(given, str):
        raise ValueError(f"the text is {_shown(given)}")
    # Half a character, as a server cuts it at the last token, is none in UTF-8, in which samples are kept.
    return given.encode(errors="replace").decode()


def _count(name: str, given: Any) -> int | None:
    return None if given is None else _whole(name, given)


def _whole(name: str, given: Any) -> int:
    if type(given) is not int or not 0 <= given <= MAX_NUM_TOKENS:
        raise ValueError(f"{name} is {_shown(given)}")
    return given


def _finish_reason(given: Any) -> Literal["stop", "length"] | None:
    return FINISH_REASONS.get(given) if isinstance(given, str) else None


def _is_incomplete(given_T: tuple[float, ...] | None, num_reported_tokens: int | None) -> bool:
    """Whether tokens lack log-probabilities. llama.cpp gives none for a token that is part of a character; a sum over
    the others is no likelihood. The end of the sequence is counted by some servers and not listed."""
    if given_T is None or num_reported_tokens is None:
        return False
    return not len(given_T) <= num_reported_tokens <= len(given_T) + 1


def _ids_beside_logprobs(choice: dict[str, Any]) -> list[Any] | None:
    """As llama.cpp gives them; vLLM has them apart."""
    content = (choice.get("logprobs") or {}).get("content")
    if not content or any("id" not in token for token in content):
        return None
    return [token["id"] for token in content]


def _logprobs(given: dict[str, Any] | None, text: str) -> tuple[float, ...] | None:
    """Of each response token, from either shape; None if the server gave none, which some write as an empty list."""
    if given is None:
        return None
    listed = given["content"] if "content" in given else given["token_logprobs"]
    if listed is None or (text and not listed):
        return None
    if "content" in given:
        listed = [token["logprob"] for token in listed]
    for position, logprob in enumerate(listed):
        if type(logprob) not in (int, float) or not MIN_LOGPROB < logprob <= 1e-6:
            raise PolicyError(
                f"the log-probability of response token {position} is {_shown(logprob)}, which no drawn token can have;"
                " see how the server was started, or set base.logprobs_temperature: none"
            )
    return tuple(map(float, listed))


def _shown(given: Any) -> str:
    text = repr(given)
    return text if len(text) <= MAX_SHOWN_CHARS else f"{text[:MAX_SHOWN_CHARS]}…"
