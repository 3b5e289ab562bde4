"""Keys of servers and services, wherever what a server says is kept or shown. Standard library only."""

import re

from kbwf.errors import PolicyError

MIN_KEY_CHARS = 8
"""Of a key that is a secret. Servers that check none are given a word (`EMPTY`, `none`), which samples may hold too."""
_JSON_ESCAPED = {'"': r"\"", "\\": r"\\", "/": r"\/"}


def checked_key(name: str, given: str | None) -> str | None:
    """A key without the spaces and line breaks around it, as a file or a shell leaves them; None if nothing is left.

    Args:
        name: of the variable it is from.

    Raises:
        PolicyError: it cannot be sent in a header. It is not shown.
    """
    key = (given or "").strip()
    if not re.fullmatch(r"[\x21-\x7e]*", key):
        raise PolicyError(
            f"{name} is no key: it holds a space, or a character that is not ASCII's; correct it in the environment or"
            " in the file .env"
        )
    return key or None


def without_key(text: str, key: str | None) -> str:
    """The text with `[key]` where the key was, also where it stands as JSON may escape it (`\\/`, `\\u002b`)."""
    if key is None or len(key) < MIN_KEY_CHARS:
        return text
    return re.sub("".join(map(_written, key)), "[key]", text)


def _written(character: str) -> str:
    """A pattern of all that may stand for it in JSON."""
    ways = [rf"\\u00(?i:{ord(character):02x})", re.escape(character)]
    if character in _JSON_ESCAPED:
        ways.insert(0, re.escape(_JSON_ESCAPED[character]))
    return f"(?:{'|'.join(ways)})"
