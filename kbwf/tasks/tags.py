"""Tags of XML and HTML, and of models that write code between some of their own."""

import re

from kbwf.tasks.blocks import Block

_TAG = re.compile(r"<(?P<close>/?)(?P<name>[A-Za-z_][\w.:-]{0,40})(?:[\s=][^<>\n]{0,300})?>")
_LINE_BREAK = re.compile(r"<br[ ]?/?>", re.IGNORECASE)
_WRAPPERS = frozenset({
    "answer", "final", "final_answer", "finalanswer", "code", "kernel", "solution", "python", "response", "output",
    "result", "implementation", "body", "forward", "content", "source", "artifact", "file", "tool_call",
    "function_call", "function", "parameter", "invoke", "arg_value", "pre", "modelnew",
})  # fmt: skip
"""Tags that part a text even where only one of the two is there."""


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
