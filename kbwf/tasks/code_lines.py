"""Code that nothing marks, found by how its lines look."""

import re

from kbwf.tasks.blocks import Block
from kbwf.tasks.python_text import pieces

_CODE_LINE = re.compile(
    r"^[ \t]*(?:import \w|from [\w.]+ import |class \w+[(:]|(?:async )?def \w+\(|@\w|return\b|try:"
    r"|if .*:|for .* in |with .*:"
    r"|[A-Za-z_][\w.]{0,80}(?:, ?[A-Za-z_]\w{0,80}){0,20}(?: ?: ?[\w.\[\]]{1,80})? ?[-+*/@]?= ?\S)"
)
_GOES_ON = re.compile(
    r"^(?:\s|$|[)\]}#\"']|[A-Za-z_][\w.]*[(\[]"
    r"|(?:else|elif|except|finally|raise|pass|yield|assert|del|global|while|match|continue|break)\b)"
)
_LABEL = re.compile(
    r"^(?:\[\^[\w-]{1,20}\]:[ \t]*|"
    r"(?=[^:\n]{0,40}(?:answer|solution|body|code|kernel|forward|implementation|result|output|optimi|final|python|here))"
    r"[A-Z*_][\w '*-]{0,40}:[ *]+)(?=return\b|def |class |lambda )",
    re.IGNORECASE,
)
"""A footnote's number, or a word that says so: `A: return d` is one of several choices, `INFO: return d` of a log."""


def code_runs(text: str) -> list[Block]:
    """Runs of lines that look like code, in a text of code and prose without marks."""
    blocks: list[Block] = []
    lines: list[str] = []
    quote = label = ""
    for line in [*text.split("\n"), "."]:
        starts = bool(_CODE_LINE.match(line) or _LABEL.match(line))
        if quote or starts or (lines and _GOES_ON.match(line)):
            lines.append(line if lines else _LABEL.sub("", line))
            quote = pieces(line, quote)[1]
            continue
        if lines:
            blocks.append(Block("\n".join(lines).rstrip(), label=label, is_prose=True))
            lines = []
        label = line if line.strip() else label
    if lines:
        blocks.append(Block("\n".join(lines[:-1]).rstrip(), label=label, is_prose=True))
    return blocks
