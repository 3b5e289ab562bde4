"""Markdown's fences. Linear in the text: loops only move forward."""

import re

from kbwf.tasks.blocks import Block
from kbwf.tasks.python_text import EDGE, pieces

_FENCE = re.compile(rf"^{EDGE}(?:(?:[-*+]|\d{{1,3}}[.)])[ \t]+)?(?P<run>`{{3,}}|~{{3,}})(?P<info>[^`\n]*)$")
_ONE_LINE = re.compile(r"^[ \t]*(?:\[\^\w{1,20}\]:[ \t]*)?(?P<run>`{1,6})(?P<code>[^`\n]+)(?P=run)[ \t.]*$")
_HEADING = re.compile(r"^[ \t]*(?:#{1,6}[ \t]+\S|\*\*[^*\n]{1,80}\*\*:?[ \t]*$)")
_LANGUAGE = re.compile(r"\{?[.\s]{0,3}(?P<name>[A-Za-z][\w+#-]*)")
_INFO_AFTER_PROSE = re.compile(r"[ ]?[\w+#.-]{0,20}[ \t]*")
_CODE = re.compile(r"(?:import |from |def |class |return\b|@\w|[\w.]+ = \S|[\w.]+\()")
_NAMED_FILE = re.compile(r"[\w-]+\.py\b")


def split_fences(text: str, skip_strings: bool) -> list[Block]:
    """Fenced blocks, and as prose what stands between them; nothing if there is no fence.

    A fence ends at a run of its character that is as long and alone on its line, or at the end of a line of code; one
    that names a language begins a new block, so that a lone closing fence does not turn code and prose about. With
    `skip_strings` fences inside of triple-quoted strings do not count. A block without an end reaches to the end.
    """
    blocks: list[Block] = []
    lines: list[str] = []
    run = language = label = heading = quote = ""
    has_fences = False

    def end_block() -> None:
        if any(line.strip() for line in lines):
            blocks.append(Block("\n".join(lines), language, label, is_prose=not run, heading=heading))
        lines.clear()

    for line in text.split("\n"):
        before, fence, info = ("", "", "") if quote else _fence(line, run)
        if fence and run and skip_strings and pieces(before)[1]:
            fence = ""
        one_line = _ONE_LINE.match(line) if not run and not fence and "`" in line else None
        if one_line:
            end_block()
            code = one_line["code"].strip()
            is_footnote = line.lstrip().startswith("[^")
            code = _language(code)[1] or code
            blocks.append(Block(code, label="" if is_footnote else label, heading=heading, is_footnote=is_footnote))
            has_fences, label = True, line  # it may be the name of the file that follows
        elif not fence:
            lines.append(line)
            if run:
                quote = pieces(line, quote)[1] if skip_strings else ""
            elif line.strip():
                label = line
                heading = line if _HEADING.match(line) else heading
        else:
            has_fences = True
            if before:
                lines.append(before)
            label = before.strip() or label if not run else label
            end_block()
            label = "" if run else label
            label = f"{label} {info}" if _NAMED_FILE.search(info) else label
            run = fence if info or not run else ""
            language, first_line = _language(info)
            lines += [first_line] if first_line else []
    end_block()
    return blocks if has_fences else []


def _fence(line: str, run: str) -> tuple[str, str, str]:
    """What stands before a fence, its characters, and what it says of the block; `run` is the fence that is open."""
    if match := _FENCE.match(line):
        fits = not run or (match["run"][0] == run[0] and len(match["run"]) >= len(run))
        return ("", match["run"], match["info"].strip()) if fits else ("", "", "")
    before, fence, after = line.partition("```")
    after = after.lstrip("`")
    fence = line[len(before) : len(line) - len(after)]
    if not fence or not before.strip() or "`" in after or (run and (run[0] != "`" or len(fence) < len(run))):
        return "", "", ""
    if run:
        return ("", "", "") if after.strip() else (before, fence, "")
    return (before, fence, after.strip()) if _INFO_AFTER_PROSE.fullmatch(after) else ("", "", "")


def _language(info: str) -> tuple[str, str]:
    """Language of a block, and its first line if it stands beside the fence: `python`, `python import torch`."""
    if _CODE.match(info):
        return "", info
    named = _LANGUAGE.match(info)
    rest = info[named.end() :].strip() if named else ""
    return named["name"] if named else "", rest if _CODE.match(rest) else ""
