"""Code as terminals, editors and tables show it: colours, line numbers, boxes, cells, and the frames of a traceback."""

import re

from kbwf.tasks.python_text import pieces

_ANSI = re.compile(
    r"(?:\x1b\[|\x9b)[0-?]{0,40}[ -/]{0,4}[@-~]|\x1b\][^\x07\x1b\n]{0,500}(?:\x07|\x1b\\)|\x1b[()]\w|\x1b[@-Z\\-_=>78]"
    r"|(?:\\x1b|\\033|\\u001b|\\e|␛)\[[\d;]{0,20}m"
    r"|\[\d{1,3}(?:;\d{1,3}){0,4}m"
)
"""Colours and movements of the cursor (ECMA-48), and links; colours as a program writes them, or without the first
character: no Python has `[31m`."""
_NUMBER = re.compile(r"^[ \t]*(?:L|Line |\[)?(?P<number>\d{1,5})(?P<mark>[ ]?[:|│┃→\]]|[.)#-]|\t|(?=[ ]|$))[ ]?")
_FRAME = re.compile(
    r"^(?P<edge>[ \t]*)(?:File [^\n]{1,300}[,:] ?(?:line )?\d|Cell In ?\[\d+\], line \d|Traceback \(most "
    r"|\S{1,300}:\d+: \w*Warning: )"
)
_FAILED = re.compile(r"^(?:[\w.]{0,100}(?:Error|Exception|Interrupt|Exit|Warning)\b|-+> ?\d)")
_PYTEST = re.compile(r"^E {2,}\S", re.MULTILINE)
_QUOTED_BY_PYTEST = re.compile(r"^(?:>|E) {2,}\S")
_ROW = re.compile(r"^[ \t]*[|│┃║](?P<cells>.*)[|│┃║][ \t]*$")
_RULE = re.compile(r"^[ \t]*[|┌└├╭╰╔╚╠┏┗┣+][-:|─━═┬┴┼╤╧╪┳┻╋+ ]{2,}[|┐┘┤╮╯╗╝╣┓┛┫+]?[ \t]*$")
_BARE_RULE = re.compile(r"^[ \t]*:?-{2,}:?[ \t]*\|[-:| \t]*$", re.MULTILINE)
"""The second line of a table without bars at its edges."""
_BAR = re.compile(r"(?<!\\)[|│┃║]")
_SPAN = re.compile(r"`[^`\n]+`")
_BREAK = re.compile(r"`?<br[ ]?/?>`?", re.IGNORECASE)


def without_colours(text: str) -> str:
    """The text without what a terminal takes as commands, if some of it stands outside of strings and comments."""
    if not _ANSI.search(text):
        return text
    return _ANSI.sub("", text) if any(is_code and _ANSI.search(piece) for is_code, piece in pieces(text)[0]) else text


def numbered_listings(text: str) -> list[str]:
    """Runs of lines that are numbered one by one, without their numbers.

    Of several `return` side by side each is a choice.
    """
    runs: list[list[tuple[str, str]]] = [[]]
    expected, is_whole = -1, True
    for line in text.strip("\n").split("\n"):
        match = _NUMBER.match(line)
        if match is None:
            is_whole &= not line.strip()
            expected = -1
            continue
        mark = match["mark"].strip()
        if int(match["number"]) != expected or (runs[-1] and mark != runs[-1][-1][0]):
            runs.append([])
        runs[-1].append((mark, line[match.end() :]))
        expected = int(match["number"]) + 1
    runs = [run for run in runs if len(run) > 1 or (run and is_whole and len(runs) == 2)]  # the first one is empty
    runs = [run for run in runs if sum(code.startswith("return") for _, code in run) < 2]
    return ["\n".join(code for _, code in run) for run in runs]


def cells_of_tables(text: str) -> list[tuple[str, str]]:
    """The cells of tables, each with what its column and its row are called; a box of one column is one cell."""
    if _BARE_RULE.search(text):
        text = "\n".join(f"|{line}|" if "|" in line else line for line in text.split("\n"))
    header: list[str] | None = None
    found: list[tuple[str, str]] = []
    boxed: list[str] = []
    for line in text.split("\n"):
        row = None if _RULE.match(line) else _ROW.match(line)
        if row is None:
            header = header if _RULE.match(line) else None
            continue
        inside = _SPAN.sub(lambda span: span.group().replace("|", "\0"), row["cells"])
        cells = [cell.replace("\0", "|").rstrip() for cell in _BAR.split(inside)]
        if line.strip()[0] != "|" and len(cells) == 1:
            boxed.append(cells[0])
        elif header is None:
            header = cells
        else:
            names = [*header, *[""] * len(cells)]
            for name, cell in zip(names, cells, strict=False):
                code = "\n".join(piece.strip().strip("`") for piece in _BREAK.split(cell))
                found.append((" ".join(name.split() + (cells[0].split() if cell is not cells[0] else [])), code))
    return [*found, *([("", "\n".join(boxed))] if boxed else [])]


def without_tracebacks(text: str) -> str:
    """The text without the lines that Python prints of an exception: the code in them is quoted."""
    if _PYTEST.search(text):
        text = "\n".join(line for line in text.split("\n") if not _QUOTED_BY_PYTEST.match(line))
    if not _has_frame(text):
        return text
    kept: list[str] = []
    edge = -1
    for line in text.split("\n"):
        depth = len(line) - len(line.lstrip())
        if frame := _FRAME.match(line):
            edge = len(frame["edge"])
        elif edge >= 0 and line.strip() and (depth > edge or _FAILED.match(line)):
            continue
        else:
            edge = -1
            kept.append(line)
    return "\n".join(kept)


def _has_frame(text: str) -> bool:
    return any(word in text for word in ("File ", "Cell In", "Traceback (", "Warning: ")) and any(
        _FRAME.match(line) for line in text.split("\n")
    )
