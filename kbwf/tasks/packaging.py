"""What an answer is wrapped in, one layer at a time: Markdown fences and quotes, JSON and tool calls, XML tags, HTML
escapes, differences to the reference, shells, prompts of an interpreter, listings, typesetting, prose.

Pure functions of text. Each takes time linear in it: patterns have no nested repetition, and loops only move forward.
"""

import html
import re
import textwrap
from collections.abc import Iterator

from kbwf.tasks.blocks import Block
from kbwf.tasks.code_lines import code_runs
from kbwf.tasks.differences import new_side
from kbwf.tasks.fences import split_fences
from kbwf.tasks.listings import cells_of_tables, numbered_listings, without_tracebacks
from kbwf.tasks.literals import strings_of_json, strings_of_python
from kbwf.tasks.python_text import EDGE, pieces
from kbwf.tasks.shells import files_of_shell
from kbwf.tasks.tags import split_tags
from kbwf.tasks.typesetting import as_markdown, boxes, has_macro, without_emphasis

_QUOTED = re.compile(rf"^{EDGE}(?:>(?!>>)[ \t]?)+")
_ENTITY = re.compile(r"&(?:lt|gt|amp|quot|apos|nbsp|#\d{1,7}|#x[0-9a-f]{1,6});", re.IGNORECASE)
_PROMPT = re.compile(rf"^{EDGE}(?:>>>|\.\.\.|In ?\[\d*\]:|\.\.\.:)(?: |$)")
_FIRST_PROMPT = re.compile(rf"^{EDGE}(?:>>> |In ?\[\d*\]: )", re.MULTILINE)
_SPAN = re.compile(r"[`“«\"](?P<code>[^`“”«»\"\n]+)[`”»\"]")
_INTRODUCED = re.compile(
    r"\b(?:answer|solution|final|body|kernel|becomes|replace .{1,200} (?:with|by))\b[^`]{0,20}$", re.I
)


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
