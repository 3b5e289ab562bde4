"""What an answer is wrapped in, one layer at a time: Markdown fences and quotes, JSON and tool calls, XML tags, HTML
escapes, differences to the reference, shells, prompts of an interpreter, listings, typesetting, prose.

Pure functions of text. Each takes time linear in it: patterns have no nested repetition, and loops only move forward.
"""

import html
import re
import textwrap
from collections.abc import Iterator
from typing import NamedTuple

from kbwf.tasks.differences import new_side
from kbwf.tasks.listings import cells_of_tables, numbered_listings, without_tracebacks
from kbwf.tasks.literals import strings_of_json, strings_of_python
from kbwf.tasks.python_text import INVISIBLE, pieces
from kbwf.tasks.shells import files_of_shell
from kbwf.tasks.typesetting import as_markdown, boxes, has_macro, without_emphasis


class Block(NamedTuple):
    """A text that may be code, or hold some in a further layer."""

    text: str
    language: str = ""
    label: str = ""
    """The line before it."""
    is_prose: bool = False
    """Not set apart in any way: code only if some of its lines are."""
    is_response: bool = False
    """A response in itself, as in the JSON of an interface, with marks and reasoning of its own."""
    heading: str = ""
    """The heading that it stands under."""
    is_footnote: bool = False


_EDGE = rf"[ \t\u00a0\u3000{INVISIBLE}]*"
_FENCE = re.compile(rf"^{_EDGE}(?:(?:[-*+]|\d{{1,3}}[.)])[ \t]+)?(?P<run>`{{3,}}|~{{3,}})(?P<info>[^`\n]*)$")
_ONE_LINE = re.compile(r"^[ \t]*(?:\[\^\w{1,20}\]:[ \t]*)?(?P<run>`{1,6})(?P<code>[^`\n]+)(?P=run)[ \t.]*$")
_HEADING = re.compile(r"^[ \t]*(?:#{1,6}[ \t]+\S|\*\*[^*\n]{1,80}\*\*:?[ \t]*$)")
_LANGUAGE = re.compile(r"\{?[.\s]{0,3}(?P<name>[A-Za-z][\w+#-]*)")
_INFO_AFTER_PROSE = re.compile(r"[ ]?[\w+#.-]{0,20}[ \t]*")
_CODE = re.compile(r"(?:import |from |def |class |return\b|@\w|[\w.]+ = \S|[\w.]+\()")
_QUOTED = re.compile(rf"^{_EDGE}(?:>(?!>>)[ \t]?)+")
_TAG = re.compile(r"<(?P<close>/?)(?P<name>[A-Za-z_][\w.:-]{0,40})(?:[\s=][^<>\n]{0,300})?>")
_LINE_BREAK = re.compile(r"<br[ ]?/?>", re.IGNORECASE)
_WRAPPERS = frozenset({
    "answer", "final", "final_answer", "finalanswer", "code", "kernel", "solution", "python", "response", "output",
    "result", "implementation", "body", "forward", "content", "source", "artifact", "file", "tool_call",
    "function_call", "function", "parameter", "invoke", "arg_value", "pre", "modelnew",
})  # fmt: skip
"""Tags that part a text even where only one of the two is there."""
_ENTITY = re.compile(r"&(?:lt|gt|amp|quot|apos|nbsp|#\d{1,7}|#x[0-9a-f]{1,6});", re.IGNORECASE)
_PROMPT = re.compile(rf"^{_EDGE}(?:>>>|\.\.\.|In ?\[\d*\]:|\.\.\.:)(?: |$)")
_FIRST_PROMPT = re.compile(rf"^{_EDGE}(?:>>> |In ?\[\d*\]: )", re.MULTILINE)
_CODE_LINE = re.compile(
    r"^[ \t]*(?:import \w|from [\w.]+ import |class \w+[(:]|(?:async )?def \w+\(|@\w|return\b|try:"
    r"|if .*:|for .* in |with .*:"
    r"|[A-Za-z_][\w.]{0,80}(?:, ?[A-Za-z_]\w{0,80}){0,20}(?: ?: ?[\w.\[\]]{1,80})? ?[-+*/@]?= ?\S)"
)
_GOES_ON = re.compile(
    r"^(?:\s|$|[)\]}#\"']|[A-Za-z_][\w.]*[(\[]"
    r"|(?:else|elif|except|finally|raise|pass|yield|assert|del|global|while|match|continue|break)\b)"
)
_SPAN = re.compile(r"[`“«\"](?P<code>[^`“”«»\"\n]+)[`”»\"]")
_INTRODUCED = re.compile(
    r"\b(?:answer|solution|final|body|kernel|becomes|replace .{1,200} (?:with|by))\b[^`]{0,20}$", re.I
)
_LABEL = re.compile(
    r"^(?:\[\^[\w-]{1,20}\]:[ \t]*|"
    r"(?=[^:\n]{0,40}(?:answer|solution|body|code|kernel|forward|implementation|result|output|optimi|final|python|here))"
    r"[A-Z*_][\w '*-]{0,40}:[ *]+)(?=return\b|def |class |lambda )",
    re.IGNORECASE,
)
"""A footnote's number, or a word that says so: `A: return d` is one of several choices, `INFO: return d` of a log."""
_NAMED_FILE = re.compile(r"[\w-]+\.py\b")


def unescaped(text: str) -> str:
    """The text without HTML escapes, if it has some outside of Python's strings and comments.

    Text such as `a &lt; b` must not be read as it is: it parses.
    """
    for _ in range(2):
        named = _ENTITY.sub("&lt;", text)  # the number of a character would look like a comment
        if named == text and "&lt;" not in text:
            break
        if not any(is_code and "&lt;" in piece for is_code, piece in pieces(named)[0]):
            break
        text = html.unescape(text)
    return text


def unpack(block: Block, reference_source: str) -> Iterator[list[Block]]:
    """The blocks inside of a block, in their order; a further list is another way to see the same text.

    Only the outermost layer is removed. Nothing comes where there is none.
    """
    text = block.text
    if "\\`\\`\\`" in text:
        yield [block._replace(text=text.replace("\\`", "`"))]
        return
    if whole := strings_of_json(text, is_whole=True):
        yield [Block(string, label=key, is_response=True) for key, string in whole]
        return
    without = without_tracebacks(text)
    if without != text:
        yield [block._replace(text=without)]
        return
    unquoted = "\n".join(_QUOTED.sub("", line) for line in text.split("\n"))
    if unquoted != text:
        yield [block._replace(text=unquoted)]
        return
    if has_macro(text):
        yield [block._replace(text=as_markdown(text))]
        return
    if fenced := split_fences(text, skip_strings=True):
        yield fenced
        plainly = split_fences(text, skip_strings=False)
        if plainly != fenced:
            yield plainly
        return
    if files := files_of_shell(text):
        yield [Block(file.text, label=file.command, is_prose=not file.is_python) for file in files]
        return
    if cells := cells_of_tables(text):
        yield [Block(cell, label=name, is_prose=True) for name, cell in cells]
    if parts := split_tags(as_markdown(text)):
        yield parts
        return
    changed = new_side(textwrap.dedent(text), block.language, reference_source)
    if changed is not None:
        yield [Block(changed, label=block.label)]
        return
    if _FIRST_PROMPT.search(text) or all(_PROMPT.match(line) for line in text.split("\n") if line.strip()):
        typed = [_PROMPT.sub("", line) for line in text.split("\n") if _PROMPT.match(line)]
        yield [Block("\n".join(typed), label=block.label)]
        return
    if listings := numbered_listings(text):
        yield [Block(listing, label=block.label, is_prose=True) for listing in listings]  # a list of prose as well
        return
    if inside := strings_of_python(text):
        yield [Block(string, label=key) for key, string in inside]
        return
    if "\\n" in text and "\n" not in text.strip():
        broken = text.strip().replace("\\n", "\n").replace("\\t", "\t").replace('\\"', '"')
        yield [Block(broken, label=block.label)]
    if inside := strings_of_json(text, is_whole=False):
        yield [Block(string, label=key, is_response=True) for key, string in inside]
    if boxed := boxes(text):
        yield [Block(inside, label=before, is_prose=True) for before, inside in boxed]
    plain = without_emphasis(text)
    if plain != text:
        yield [block._replace(text=plain, is_prose=True)]
    yield code_runs(text)
    spans = [(text[max(match.start() - 100, 0) : match.start()], match["code"]) for match in _SPAN.finditer(text)]
    before = [(label[label.rfind("\n") + 1 :], code) for label, code in spans]
    yield [Block(code, label=label, is_prose=True) for label, code in before if _INTRODUCED.search(label)]


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


def split_tags(text: str) -> list[Block]:
    """What tags enclose, and as prose what stands between; nothing if there are no tags.

    A tag counts if its counterpart follows, or if its name says that it wraps code: `a <b> c` is none.
    """
    given = text
    if "<![CDATA[" in text:
        text = text.replace("<![CDATA[", "\n").replace("]]>", "\n")
    text = _LINE_BREAK.sub("\n", text)
    closes: dict[str, list[int]] = {}
    tags = list(_TAG.finditer(text))
    for tag in reversed(tags):
        if tag["close"]:
            closes.setdefault(tag["name"].lower(), []).append(tag.start())
    blocks: list[Block] = []
    position, is_prose, label = 0, True, ""

    def end_block(end: int) -> None:
        if text[position:end].strip():
            blocks.append(Block(text[position:end], label=label, is_prose=is_prose))

    for tag in tags:
        name = tag["name"].lower()
        while closes.get(name) and closes[name][-1] < tag.end():
            closes[name].pop()
        if tag.start() < position or not (name in _WRAPPERS or (not tag["close"] and closes.get(name))):
            continue
        is_prose = is_prose and not tag["close"]
        end_block(tag.start())
        position, is_prose, label = tag.end(), True, name
        if not tag["close"]:
            is_prose = False
            if closes.get(name):
                end_block(closes[name][-1])
                position, is_prose = text.index(">", closes[name][-1]) + 1, True
    if position == 0 and text == given:
        return []
    end_block(len(text))
    return blocks


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
