"""Files that an answer writes in a shell: here-documents, PowerShell's here-strings, and what `echo` prints.

`cat > kernel.py <<EOF` parses as Python, so that such a text must be looked at here before it is read as a kernel.
"""

import re
import textwrap
from bisect import bisect_right
from collections.abc import Iterator
from typing import NamedTuple

_PROMPT = r"^[ \t]*(?:[$#%>][ \t]+)?"
_HEREDOC = re.compile(
    _PROMPT + r"[\w./-]{1,200}(?:[ \t][^=()\n]{0,200})?(?<!<)<<(?!<)-?[ \t]*"
    r"[\\'\"]?(?P<word>[A-Za-z_]\w{0,40})['\"]?[^\n]{0,200}$"
)
_WRITES = re.compile(_PROMPT + r"(?:sudo[ \t]+)?(?:cat|tee|python3?)[ \t]")
"""Commands whose here-document counts even where it is cut off."""
_HERE_STRING = re.compile(r"^[^\n#]{0,200}@(?P<quote>['\"])[ \t]*$")
_PRINTS = re.compile(
    _PROMPT + r"(?:echo(?:[ ]-[en]{1,2})?|printf(?:[ ]+['\"]%s(?:\\n)?['\"])?|[\w./-]{1,60}[^\n'\"]{0,200}<<<)[ ]*"
    r"(?P<quote>['\"])",
    re.MULTILINE,
)
_PRINTED = re.compile(r"(?P<quote>['\"])[ ]*(?:[>|][^\n]{0,200})?$", re.MULTILINE)
_MAX_PRINTED_CHARS = 20_000
_FILE = re.compile(r"[\w./-]+\.(?P<ending>\w{1,8})\b")


class Written(NamedTuple):
    """The text of a file, and the command that writes it."""

    text: str
    command: str
    is_python: bool
    """Nothing says that it is another kind of file."""


def has_heredoc(text: str) -> bool:
    """Whether a line outside of Python's strings may begin a here-document."""
    return "<<" in text and bool(_heredocs(text))


def files_of_shell(text: str) -> list[Written]:
    """What a shell writes, in its order."""
    found = _heredocs(text) if "<<" in text else []
    found = found or (_here_strings(text) if "@'" in text or '@"' in text else [])
    if found:
        return found
    printed = list(_printed(text)) if any(word in text for word in ("echo", "printf", "<<<")) else []
    if not printed:
        return []
    text, command = "\n".join(text for text, _ in printed), printed[0][1].rpartition(">")[2]
    return [Written(text, command.strip(), ".py" in command)]  # `echo` shows messages as well


def _heredocs(text: str) -> list[Written]:
    lines = text.split("\n")
    last = {line.strip(): at for at, line in enumerate(lines)}
    found: list[Written] = []
    end = 0
    for at, line in enumerate(lines):
        opening = _HEREDOC.match(line) if at >= end and "<<" in line else None
        if opening is None or (last.get(opening["word"], -1) <= at and not _WRITES.match(line)):
            continue
        word = opening["word"]
        end = next((index for index in range(at + 1, len(lines)) if lines[index].strip() == word), len(lines))
        found.append(_written(textwrap.dedent("\n".join(lines[at + 1 : end])), line))
    return found


def _printed(text: str) -> Iterator[tuple[str, str]]:
    """What is printed, and the command; it ends at the first such quotation mark that ends its command."""
    ends: dict[str, list[re.Match[str]]] = {"'": [], '"': []}
    for end in _PRINTED.finditer(text):
        ends[end["quote"]].append(end)
    position = 0
    for opening in _PRINTS.finditer(text):
        own = ends[opening["quote"]]
        at = bisect_right(own, opening.end(), key=re.Match.start)  # of nothing, there is nothing to take
        if opening.start() < position or at == len(own) or own[at].start() - opening.end() > _MAX_PRINTED_CHARS:
            continue
        inside = text[opening.end() : own[at].start()]
        if not ("'" in inside and '"' in inside):
            position = own[at].end()
            yield inside, text[opening.start() : position]


def _here_strings(text: str) -> list[Written]:
    found: list[Written] = []
    body: list[str] | None = None
    command = quote = ""
    for line in text.split("\n"):
        if body is None:
            if opening := _HERE_STRING.match(line):
                body, command, quote = [], line, opening["quote"]
        elif line.startswith(f"{quote}@"):
            found.append(_written("\n".join(body), f"{command} {line}"))
            body = None
        else:
            body.append(line)
    return found


def _written(text: str, command: str) -> Written:
    endings = [match["ending"] for match in _FILE.finditer(command)]
    return Written(text, command.strip(), not endings or "py" in endings)
