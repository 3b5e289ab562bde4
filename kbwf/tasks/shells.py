"""Files that an answer writes in a shell: here-documents, PowerShell's here-strings, and what `echo` prints.

`cat > kernel.py <<EOF` parses as Python, so that such a text must be looked at here before it is read as a kernel.
"""

import re
import textwrap
from typing import NamedTuple

_PROMPT = r"^[ \t]*(?:[$#%>][ \t]+)?"
_HEREDOC = re.compile(
    _PROMPT + r"[\w./-]{1,200}(?:[ \t][^=()\n]{0,200})?(?<!<)<<(?!<)-?[ \t]*"
    r"[\\'\"]?(?P<word>[A-Za-z_]\w{0,40})['\"]?[^\n]{0,200}$"
)
_WRITES = re.compile(_PROMPT + r"(?:sudo[ \t]+)?(?:cat|tee|python3?)[ \t]")
"""Commands whose here-document counts even where it is cut off."""
_HERE_STRING = re.compile(r"^[^\n#]{0,200}@(?P<quote>['\"])[ \t]*$")
_PRINTED = re.compile(
    _PROMPT + r"(?:echo(?:[ ]-[en]{1,2})?|printf(?:[ ]+['\"]%s(?:\\n)?['\"])?|[\w./-]{1,60}[^\n'\"]{0,200}<<<)[ ]*"
    r"(?P<quote>['\"])(?P<text>[^'\"\n]{1,2000}|[^']{1,20000}?|[^\"]{1,20000}?)(?P=quote)[ ]*(?:[>|][^\n]{0,200})?$",
    re.MULTILINE,
)
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
    printed = list(_PRINTED.finditer(text)) if any(word in text for word in ("echo", "printf", "<<<")) else []
    if not printed:
        return []
    text, command = "\n".join(match["text"] for match in printed), printed[0].group().rpartition(">")[2]
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
