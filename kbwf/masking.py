"""Values of a configuration as a message may show them: a key that was put there by mistake stays unshown."""

import re
from collections.abc import Sequence
from typing import Any

MASK = "…"
_KEY_NAME = re.compile(r"key|token(?!s|iz)|secret|authorization|passw", re.IGNORECASE)
"""In a field's name. A number of tokens and a tokenizer are no secrets."""
_IN_TEXT = re.compile(rf"([\w-]*(?:{_KEY_NAME.pattern})[\w-]*(?:\s*=|['\"]\s*:|\s*:(?=\s))\s*).+", re.IGNORECASE)
"""Such a name with its value, as in a URL's query, a header or a line of YAML or JSON."""
_PASSWORD = re.compile(r"//[^/\s'\"]*@")
"""What stands before a host in a URL."""
_QUERY = re.compile(r"(\w+://[^\s'\"?#]*[?#])[^\s'\"]+")
_BEARER = re.compile(r"\b(bearer|basic)\s+\S+", re.IGNORECASE)
_HIDDEN = (
    (_PASSWORD, f"//{MASK}@"), (_QUERY, rf"\1{MASK}"), (_IN_TEXT, rf"\1{MASK}"), (_BEARER, rf"\1 {MASK}")
)  # fmt: skip
_SENT_AS_KEY = re.compile(r"authorization|api[-_ ]?key", re.IGNORECASE)
KEY_HELP = "a key belongs into OPENAI_API_KEY or TINKER_API_KEY, in the environment or a file .env"


def may_name_key(name: str) -> bool:
    """Whether the value of a field of this name may be a secret."""
    return _KEY_NAME.search(name) is not None


def masked(value: Any, location: Sequence[str | int] = ()) -> Any:
    """The value without what may be secret: under a name for it, behind a URL's question mark, before its host.

    Args:
        location: names and positions that lead to it.
    """
    if any(may_name_key(str(part)) for part in location):
        return MASK
    if isinstance(value, dict):
        return {name: masked(below, (str(name),)) for name, below in value.items()}
    if isinstance(value, list | tuple):
        return [masked(each) for each in value]
    if isinstance(value, str):
        for pattern, shown in _HIDDEN:
            value = pattern.sub(shown, value)
    return value


def names_sent_as_keys(value: Any) -> list[str]:
    """Of fields, at any depth, under which servers take keys."""
    if isinstance(value, list | tuple):
        return [name for each in value for name in names_sent_as_keys(each)]
    if not isinstance(value, dict):
        return []
    own = [str(name) for name in value if _SENT_AS_KEY.search(str(name))]
    return own + [name for below in value.values() for name in names_sent_as_keys(below)]
