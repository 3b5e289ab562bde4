"""Reading text as Python although it was not typed by a programmer: typographic quotes and operators, spaces of other
widths, invisible characters, indentation of whatever stood around it."""

import ast
import re
import textwrap
from collections.abc import Iterator
from typing import NamedTuple

INVISIBLE = "\ufeff\u00ad\u180e\u200b-\u200f\u202a-\u202e\u2060-\u2064\u2066-\u2069\ufe00-\ufe0f\U000e0020-\U000e007f"
"""Marks without a width, for a character class: byte order mark, joiners, direction marks, variation selectors,
tags."""
EDGE = rf"[ \t\u00a0\u3000{INVISIBLE}]*"
"""What may stand before a mark at the beginning of a line; a pattern."""
UNPARSABLE = (SyntaxError, ValueError, RecursionError, MemoryError)
"""What `ast.parse`, `ast.dump` and `ast.unparse` raise on hostile text, integers of 5,000 digits included."""

_DOUBLE, _SINGLE = '"\u201c\u201d\u201e\u201f', "'\u2018\u2019\u201a\u201b"
_DELIMITER = re.compile(rf"\\.|[{_DOUBLE}]{{3}}|[{_SINGLE}]{{3}}|[#\n{_DOUBLE}{_SINGLE}]", re.DOTALL)
_SPACES = "\u00a0\u1680\u2000\u2001\u2002\u2003\u2004\u2005\u2006\u2007\u2008\u2009\u200a\u202f\u205f\u3000"
_HYPHENS = "\u2010\u2011\u2012\u2013\u2212\ufe63"
_TYPED: dict[int, str] = {
    **{code: chr(code - 0xFEE0) for code in range(0xFF01, 0xFF5F)},  # full-width forms of ASCII
    **dict.fromkeys(map(ord, _SPACES), " "),
    **dict.fromkeys(map(ord, _HYPHENS), "-"),
    **dict.fromkeys(map(ord, "\u00d7\u2217\u22c5\u2715"), "*"),
    **dict.fromkeys(map(ord, "\u00f7\u2044\u2215"), "/"),
    **dict.fromkeys(map(ord, "\u2028\u2029\u0085"), "\n"),
    **dict.fromkeys(map(ord, _DOUBLE + "\u2033"), '"'),
    **dict.fromkeys(map(ord, _SINGLE + "\u2032\u00b4"), "'"),
    **{ord(sign): typed for sign, typed in zip("≤≥≠→…²³", ("<=", ">=", "!=", "->", "...", "**2", "**3"), strict=True)},
}
_INVISIBLE = re.compile(f"[{INVISIBLE}]")
_MARKDOWN_ESCAPE = re.compile(r"\\(?=[_*\[\]<>(){}#+\-.])")


class Reading(NamedTuple):
    """Text that parses, and its syntax tree."""

    text: str
    tree: ast.Module


class UnreadableError(Exception):
    """The text is no Python; the message says where."""


def read(text: str) -> Reading:
    """The first variant of the text that parses.

    Tried in turn: as it is; dedented; all but the first line dedented, as when a model continues a line that was
    indented for it; with tabs in front of lines as four spaces; all this with typed characters for typographic ones.

    Raises:
        UnreadableError: none parses.
    """
    failure: Exception | None = None
    for variant in _variants(text):
        try:
            return Reading(variant, ast.parse(variant))
        except UNPARSABLE as error:
            failure = failure or error
    if not isinstance(failure, SyntaxError):
        raise UnreadableError(f"the answer cannot be parsed: {type(failure).__name__}")
    number = failure.lineno or 1
    line = (textwrap.dedent(text.strip("\n")).split("\n")[number - 1 : number] or [""])[0].strip()
    raise UnreadableError(f"syntax error in line {number}: {failure.msg} ({line[:80]!r})")


def leading_block(text: str) -> tuple[str, str] | None:
    """The lines that are indented like the first ones, and the rest; None if there is no such rest.

    A base model that continued a method goes on with what follows it in a file.
    """
    lines = text.strip("\n").split("\n")
    depths = [(index, _depth(line)) for index, line in enumerate(lines) if line.strip()]
    if len(depths) < 2 or (depths[0][1] == 0 and lines[depths[0][0]].rstrip().endswith((":", "："))):
        return None
    least = depths[0][1] or depths[1][1]
    end = next((index for index, depth in depths[1:] if depth < least), None)
    return None if end is None else ("\n".join(lines[:end]), "\n".join(lines[end:]).strip("\n"))


def pieces(text: str, opened: str = "") -> tuple[list[tuple[bool, str]], str]:
    """The text in pieces that are code (True) or the inside of strings and comments (False).

    `opened` is the triple quote that is open before the text; the one that is open after it comes back. Quotes belong
    to the code. Nothing is parsed, so that text which is no Python gives pieces too; the time is linear.
    """
    found: list[tuple[bool, str]] = []
    start = 0
    for match in _DELIMITER.finditer(text):
        token = match.group()
        if token[0] == "\\" or (not opened and token == "\n"):
            continue
        if not opened:
            end = match.start() if token == "#" else match.end()
            found.append((True, text[start:end]))
            start, opened = end, token
        elif _closes(token, opened):
            found.append((False, text[start : match.start()]))
            start, opened = match.start(), ""
    found.append((not opened, text[start:]))
    return found, opened if len(opened) == 3 else ""


def visible(text: str) -> str:
    """The text without the characters that nobody sees, strings and comments apart: they part words and fences."""
    if not _INVISIBLE.search(text):
        return text
    return "".join(_INVISIBLE.sub("", piece) if is_code else piece for is_code, piece in pieces(text)[0])


def as_typed(text: str) -> str:
    """The text with the characters that a keyboard has, strings and comments apart."""
    return "".join(_typed(piece) if is_code else piece for is_code, piece in pieces(text)[0])


def _variants(text: str) -> Iterator[str]:
    seen = set()
    stripped = text.strip("\n")
    typed = as_typed(stripped)
    for source in (stripped,) if typed == stripped else (stripped, typed.strip("\n")):
        dedented = textwrap.dedent(source)
        first, _, rest = dedented.partition("\n")
        with_spaces = "\n".join(
            line[: _width(line)].replace("\t", "    ") + line[_width(line) :] for line in source.split("\n")
        )
        for variant in (source, dedented, f"{first.lstrip()}\n{textwrap.dedent(rest)}", textwrap.dedent(with_spaces)):
            if variant not in seen:
                seen.add(variant)
                yield variant


def _typed(code: str) -> str:
    return _MARKDOWN_ESCAPE.sub("", _INVISIBLE.sub("", code).translate(_TYPED))


def _closes(token: str, opened: str) -> bool:
    if opened == "#" or token == "\n":
        return token == "\n" and len(opened) == 1
    if opened[0] in "\"'":
        return token[0] == opened[0] and set(token) == {opened[0]} and len(token) >= len(opened)
    family = _DOUBLE if opened[0] in _DOUBLE else _SINGLE
    return token[0] in family and len(token) >= len(opened)


def _width(line: str) -> int:
    return len(line) - len(line.lstrip(" \t"))


def _depth(line: str) -> int:
    return len(line[: _width(line)].expandtabs(4))
