"""Code as it was meant, where it does not parse as it stands: its body not indented, or words before and after it."""

import ast
import contextlib
import re
import textwrap

from kbwf.tasks.prompts import PromptStyle
from kbwf.tasks.python_text import Reading, UnreadableError, leading_block, read
from kbwf.tasks.statements import has_return

_HEAD = re.compile(r"[ \t]*def \w+\(.*:[ \t]*$")


def parsed(text: str, style: PromptStyle) -> tuple[Reading, str]:
    """The text; or its head with the body that was not indented under it; or its first lines up to a lesser
    indentation, and what follows them.
    """
    try:
        return _without_words(read(text)), ""
    except UnreadableError:
        if style == "model_new":
            raise
        head, _, body = text.strip("\n").partition("\n")
        parts = leading_block(text)
        for part, rest in ((f"{head}\n{textwrap.indent(body, ' ' * 4)}", ""), parts or ("", "")):
            if part and (rest or _HEAD.match(head)):
                with contextlib.suppress(UnreadableError):
                    reading = _without_words(read(part))
                    if has_return(reading.tree.body) or "forward" in _methods(reading.tree.body):
                        return reading, rest
        raise


def _without_words(reading: Reading) -> Reading:
    """Without statements at the top that are names alone: `Sure`, or `kernel.py`, on a line of its own is no code."""
    words = (ast.Expr, ast.Name, ast.Attribute, ast.UnaryOp, ast.unaryop, ast.expr_context)
    count = line = 0
    for node in reading.tree.body:
        if not isinstance(node, ast.Expr) or not all(isinstance(each, words) for each in ast.walk(node)):
            break
        count, line = count + 1, node.end_lineno or line
    if count == 0 or any(node.lineno <= line for node in reading.tree.body[count : count + 1]):
        return reading
    text = "\n".join(reading.text.split("\n")[line:])
    return Reading(text, ast.parse(text))


def _methods(statements: list[ast.stmt]) -> set[str]:
    members = [member for node in statements for member in (node.body if isinstance(node, ast.ClassDef) else [node])]
    return {member.name for member in members if isinstance(member, ast.FunctionDef)}
