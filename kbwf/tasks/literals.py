"""Strings inside of data: an answer as JSON, as a tool call's arguments, or as a Python literal."""

import ast
import json
import re
from typing import Any, NamedTuple

from kbwf.tasks.python_text import UNPARSABLE

MAX_LITERAL_CHARS = 100_000
"""Longer text is not parsed as Python in search of strings."""

_ASIDE = re.compile(
    r"(?:^|[\W_])(?:thoughts?|think|thinking|reason|reasoning|analysis|explanation|plan|reference|original|baseline|tests?|usage)",
    re.IGNORECASE,
)
"""Keys of what is not the answer."""
_JSON_START = re.compile(r"[{\[]\s{0,20}[\"{]")
_MAX_STARTS = 8


class Named(NamedTuple):
    """A string, and the key it stands under."""

    key: str
    text: str


def strings_of_json(text: str, is_whole: bool) -> list[Named]:
    """The strings of a text that is JSON, or of the first JSON inside of it; line breaks in strings are allowed.

    What stands under a key such as `reasoning` or `tests` is left out. A list of strings is a text in lines.
    """
    decoder, stripped = json.JSONDecoder(strict=False), text.strip()
    if is_whole:
        starts = [0] if stripped[:1] in ("{", "[", '"') else []
    else:
        starts = [match.start() for match, _ in zip(_JSON_START.finditer(stripped), range(_MAX_STARTS), strict=False)]
    for start in starts:
        for ending in ("", '"}', '"}}', "}", "}}"):  # a response that was cut, or whose stop mark ate the end
            try:
                value, end = decoder.raw_decode(stripped + ending, start)
            except (ValueError, RecursionError):
                continue
            if is_whole and end < len(stripped):
                break
            return _strings(value)
    return []


def strings_of_python(text: str) -> list[Named]:
    """The strings that a text of calls, literals and assignments is about, as in `submit(code='...')`."""
    if len(text) > MAX_LITERAL_CHARS or not ("'" in text or '"' in text):
        return []
    try:
        statements = ast.parse(text.strip()).body
    except UNPARSABLE:
        return []
    found = []
    for statement in statements:
        if not isinstance(statement, ast.Expr | ast.Assign) or (
            len(statements) > 1 and isinstance(statement, ast.Expr) and isinstance(statement.value, ast.Constant)
        ):
            continue
        pending: list[ast.AST] = [statement.value]
        while pending:
            node = pending.pop()
            if isinstance(node, ast.Constant) and isinstance(node.value, str):
                found.append(Named("", node.value))
            elif isinstance(node, ast.Dict):
                keys = [key.value if isinstance(key, ast.Constant) else "" for key in node.keys]
                items = zip(keys, node.values, strict=True)
                pending += [item for key, item in items if not _ASIDE.search(str(key))][::-1]
            elif not (isinstance(node, ast.keyword) and _ASIDE.search(node.arg or "")):
                pending += list(ast.iter_child_nodes(node))[::-1]
    return [named for named in found if "return" in named.text or "class" in named.text]


def _strings(value: Any) -> list[Named]:
    found: list[Named] = []
    pending = [("", value)]
    while pending:
        key, item = pending.pop()
        if isinstance(item, str):
            found.append(Named(key, item))
        elif isinstance(item, list) and len(item) > 1 and all(isinstance(line, str) for line in item):
            found.append(Named(key, "\n".join(line.rstrip("\n") for line in item)))
        elif isinstance(item, list):
            pending += [(key, each) for each in reversed(item)]
        elif isinstance(item, dict):
            pending += [(name, each) for name, each in reversed(item.items()) if not _ASIDE.search(name)]
    return found
