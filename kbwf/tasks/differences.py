"""An answer that is a difference to the reference: unified, or as blocks to search and to replace."""

import re
from typing import NamedTuple

_HEADER = re.compile(
    r"^(?:diff |index [0-9a-f]|new file|deleted file|similarity|rename |--- \S|\+\+\+ \S|\\ No newline)"
)
_SEARCH, _REPLACE, _END = re.compile(r"^<{5,}(?: \w+)?$"), re.compile(r"^={5,}$"), re.compile(r"^>{5,}(?: \w+)?$")


class _Hunk(NamedTuple):
    old: list[str]
    new: list[str]


def new_side(text: str, language: str, reference_source: str) -> str | None:
    """What the difference makes of the reference, or its new lines alone if it does not fit; None if it is none."""
    lines = [line.rstrip() for line in text.split("\n")]
    hunks = _search_and_replace(lines)
    if not hunks:
        hunks = _unified(lines if _is_marked(language) else _changed_lines(lines))
    if not any(hunk.new for hunk in hunks):
        return None
    return _applied(hunks, reference_source) or "\n".join(line for hunk in hunks for line in hunk.new)


def _is_marked(language: str) -> bool:
    return language.lower() in ("diff", "patch", "udiff")


def _changed_lines(lines: list[str]) -> list[str]:
    """The longest passage that is a difference, of a text that may have prose around it."""
    passages: list[list[str]] = [[]]
    for line in lines:
        if not line or line[0] in "+-@ \\" or _HEADER.match(line):
            passages[-1].append(line)
        else:
            passages.append([])
    longest = max(passages, key=len)
    longest = "\n".join(longest).strip("\n").split("\n")
    if any(line.startswith("*** Add File: ") for line in lines) and any(line.startswith("+") for line in longest):
        return longest  # a patch of OpenAI's format that writes a whole file
    has_both = any(line.startswith("+") for line in longest) and any(line.startswith(("-", "@@")) for line in longest)
    return longest if has_both else []


def _unified(lines: list[str]) -> list[_Hunk]:
    hunks = [_Hunk([], [])]
    body = [line for line in lines if not _HEADER.match(line)]
    # Models forget the space in front of the lines that stay.
    edge = 1 if all(not line or line[0] in "+-@ " for line in body) else 0
    for line in body:
        if line.startswith("@@"):
            hunks.append(_Hunk([], []))
        elif line.startswith("-"):
            hunks[-1].old.append(line[1:])
        elif line.startswith("+"):
            hunks[-1].new.append(line[1:])
        else:
            hunks[-1].old.append(line[edge:])
            hunks[-1].new.append(line[edge:])
    return [hunk for hunk in hunks if hunk.old or hunk.new]


def _search_and_replace(lines: list[str]) -> list[_Hunk]:
    hunks: list[_Hunk] = []
    side = ""
    for line in lines:
        if not side and _SEARCH.match(line):
            side = "old"
            hunks.append(_Hunk([], []))
        elif side == "old" and _REPLACE.match(line):
            side = "new"
        elif side == "new" and _END.match(line):
            side = ""
        elif side:
            getattr(hunks[-1], side).append(line)
    return hunks


def _applied(hunks: list[_Hunk], reference_source: str) -> str | None:
    """The reference with each hunk's old lines, wherever they are indented to, replaced; None if one is not found."""
    lines = reference_source.split("\n")
    for old, new in hunks:
        wanted = [line.strip() for line in old]
        while wanted and not wanted[-1]:
            wanted.pop()
        found = next(
            (
                start
                for start in range(len(lines))
                if wanted == [line.strip() for line in lines[start : start + len(wanted)]]
            ),
            None,
        )
        if not wanted or found is None:
            return None
        first = next(index for index, line in enumerate(wanted) if line)
        shift = _depth(lines[found + first]) - _depth(old[first])
        lines[found : found + len(wanted)] = [" " * max(_depth(line) + shift, 0) + line.strip() for line in new]
    return "\n".join(lines)


def _depth(line: str) -> int:
    return len(line) - len(line.lstrip())
