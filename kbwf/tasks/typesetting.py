"""Code as typesetters mark it: LaTeX's boxes, BBCode, wiki macros, quotation marks and emphasis around a line."""

import re

_BOX = re.compile(r"\\(?:boxed|fbox|framebox|text|textbf|texttt|mathtt|mathrm|mathbf|lstinline|code)[ ]?\{")
_VERBATIM = re.compile(r"\\(?:verb|lstinline)\*?(?P<mark>[|!+/@~])(?P<code>[^\n]{1,500}?)(?P=mark)")
_BRACE = re.compile(r"\\.|[{}]", re.DOTALL)
_BBCODE = re.compile(
    r"\[(?P<close>/?)(?P<name>code|python|py|pre|icode|source|answer|solution)(?:[= ][^\]\n]{0,60})?\]", re.IGNORECASE
)
_MACRO = re.compile(r"^[ \t]*\{(?:code|noformat)(?::[^}\n]{0,60})?\}[ \t]*$", re.MULTILINE)
"""Jira's and Confluence's, which parse as a set or as a dictionary."""
_ENVIRONMENT = re.compile(
    r"\\(?P<side>begin|end)\{(?:lstlisting|verbatim|minted|python|code|alltt)\*?\}"
    r"(?:\[[^\]\n]{0,200}\])?(?:\{\w{1,20}\})?"
    r"|^[ \t]*#\+(?P<org>BEGIN|END)_(?:SRC|EXAMPLE)[^\n]*$",
    re.IGNORECASE | re.MULTILINE,
)
"""LaTeX's listings, and Org's."""
_PAIRS = {
    "“": "”", "„": "“", "‘": "’", "‚": "‘", "«": "»", "‹": "›", "「": "」", '"': '"', "'": "'",
    "***": "***", "**": "**", "*": "*", "___": "___", "__": "__", "_": "_", "==": "==",
}  # fmt: skip
_EMPHASIS = ("***", "**", "*", "___", "__", "_", "==")
_ITEM = re.compile(r"^(?:[-*+]|\d{1,3}[.)])[ ]+")
_LABELLED = re.compile(r"^(?:\*\*)?(?P<label>[A-Z][\w '-]{0,40}):(?:\*\*)?[ ]+(?P<rest>\S[^\n]*)$")
_CODE = re.compile(
    r"(?:[A-Z][\w '-]{0,40}:[ ])?(?:`|(?:return|def|class|lambda|import|from)\b|@\w|[A-Za-z_][\w.]* = \S)"
)


def boxes(text: str) -> list[tuple[str, str]]:
    """What LaTeX boxes hold, each with the line before it; braces inside of them are balanced."""
    found: list[tuple[str, str]] = []
    end = 0
    for opening in _BOX.finditer(text):
        if opening.start() < end:
            continue
        depth = 1
        for brace in _BRACE.finditer(text, opening.end()):
            depth += {"{": 1, "}": -1}.get(brace.group(), 0)
            if depth == 0:
                end = brace.end()
                label = text[max(opening.start() - 200, 0) : opening.start()].rstrip("$ \n").rpartition("\n")[2]
                found.append((label, text[opening.end() : brace.start()]))
                break
        else:
            break  # one that is cut off; those after it are inside of it
    verbatim = [
        (text[max(match.start() - 200, 0) : match.start()], match["code"]) for match in _VERBATIM.finditer(text)
    ]
    return found + [(before.rpartition("\n")[2], code) for before, code in verbatim]


def has_macro(text: str) -> bool:
    """Whether a line is a wiki's mark of a block."""
    return "{code" in text or "{noformat" in text if _MACRO.search(text) else False


def as_markdown(text: str) -> str:
    """Wiki macros as fences; listings of LaTeX and Org and pairs of BBCode as tags."""
    text = _ENVIRONMENT.sub(_tag, _MACRO.sub("```", text))
    closed = {match["name"].lower() for match in _BBCODE.finditer(text) if match["close"]}
    return _BBCODE.sub(
        lambda match: f"<{match['close']}code>" if match["name"].lower() in closed else match.group(), text
    )


def _tag(match: re.Match[str]) -> str:
    return "<code>" if (match["side"] or match["org"]).lower() == "begin" else "</code>"


def without_emphasis(text: str) -> str:
    """Code without the quotation marks or the emphasis around all of it, or all of a line."""
    by_line = "\n".join(_line(line) for line in text.split("\n"))
    return by_line if by_line != text else _inside(text.strip()) or text


def _line(line: str) -> str:
    plain = _ITEM.sub("", line.strip().rstrip(".,; "))
    if (inside := _inside(plain)) is not None:
        return inside
    labelled = _LABELLED.match(plain)
    inside = _inside(labelled["rest"]) if labelled else None
    return f"{labelled['label']}: {inside}" if labelled and inside is not None else line


def _inside(text: str) -> str | None:
    for mark, end in _PAIRS.items():
        if text.startswith(mark) and text.endswith(end) and len(text) > len(mark) + len(end):
            inside = text[len(mark) : -len(end)]
            is_quote = mark not in _EMPHASIS
            # Two strings side by side begin and end with a quote, too.
            if _CODE.match(inside) and not (is_quote and mark == end and mark in inside):
                return inside
    return None
