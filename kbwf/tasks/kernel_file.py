"""A kernel file from its statements: which of an answer's come along beside the kernel, and how they are written."""

import ast
from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass

from kbwf.tasks.names import attributes_of, binds, bound, lacking, loaded
from kbwf.tasks.prompts import dump, reference_model, source_of
from kbwf.tasks.statements import Function


@dataclass(frozen=True)
class Part:
    """A statement of the kernel file, and how it is written."""

    node: ast.stmt
    text: str


def parts_of(text: str, statements: Iterable[ast.stmt]) -> list[Part]:
    """The statements as they are written in the text."""
    lines = text.split("\n")
    return [Part(node, source_of(lines, [node])) for node in statements]


def bound_at_the_top(tree: ast.Module) -> set[str]:
    """Names that a file defines."""
    return {name for node in tree.body for name in binds(node)}


def beside(
    parts: list[Part], kernel: Part | None, replaced: ast.stmt | None, reference_source: str
) -> tuple[list[Part], list[str]]:
    """The parts that belong to the kernel file, and a line on each that was left out although the reference lacks it.

    Left out without a word is what the file has anyway: the reference's own statements, an import of it, a repetition.
    Left out with one are uses of the kernel after it: an answer's test is no part of its kernel.

    Args:
        parts: statements in their order, `kernel` among them.
        replaced: the answer's statement that `kernel` stands for.
    """
    reference = reference_model(reference_source).tree
    known = set(dump(reference.body))
    nodes = [part.node for part in parts]
    meanings: defaultdict[str, set[str]] = defaultdict(set)
    for part in parts:
        for name in binds(part.node) if part is not kernel else ():
            meanings[name].add(ast.dump(part.node))
    needed = {name for node in nodes if isinstance(node, ast.ClassDef | Function) for name in lacking([node])}
    written = set() if replaced is None else {ast.dump(replaced)}
    users = {"get_inputs", "get_init_inputs", "ModelNew"} | (set() if replaced is None else binds(replaced))
    kept: list[Part] = []
    not_taken: list[str] = []
    for part in parts:
        node, meaning = part.node, ast.dump(part.node)
        is_there = meaning in known | written and all(meanings[name] <= known | written for name in binds(node))
        is_text = isinstance(node, ast.Expr) and isinstance(node.value, ast.Constant)
        if part is not kernel and (is_there or is_text or imports_the_reference(node, reference)):
            continue
        is_definition = isinstance(node, ast.ClassDef | Function) or is_import(node)
        uses_kernel = kernel in kept and bool(loaded([node]) & users) and not changes(node)
        if uses_kernel and not is_definition and not binds(node) & needed:
            not_taken.append(first_line(node))
            users |= binds(node)
            continue
        kept.append(part)
        if is_definition and all(len(meanings[name]) == 1 for name in binds(node)):
            written.add(meaning)
    return kept, not_taken


def written(parts: list[Part], not_taken: list[str], reference_source: str) -> str:
    """The file: the reference, a comment on what was not taken, and the parts."""
    future, parts = split_future(parts)
    text = joined(parts)
    if dump(ast.parse(text).body) != dump([part.node for part in parts]):
        # Indentation went into a string of several lines, or a body hangs on a line of its own.
        text = joined([Part(part.node, ast.unparse(part.node)) for part in parts])
    notes = "".join(f"# Not taken from the answer: {line}\n" for line in not_taken)
    return future + reference_source.rstrip("\n") + "\n\n\n" + notes + text + "\n"


def joined(parts: list[Part]) -> str:
    """The parts as text."""
    text = ""
    for index, part in enumerate(parts):
        follows_import = index > 0 and is_import(parts[index - 1].node) and is_import(part.node)
        text += ("\n" if follows_import else "\n\n\n" if index else "") + part.text
    return text


def split_future(parts: list[Part]) -> tuple[str, list[Part]]:
    """Imports from __future__, which must stand at the top of a file, and the rest.

    Without annotations `annotations` says nothing, and kernels that differ in it alone are equal.
    """
    kept = [part for part in parts if not is_future(part.node)]
    futures = [part.node for part in parts if isinstance(part.node, ast.ImportFrom) and is_future(part.node)]
    names = {alias.name for node in futures for alias in node.names}
    has_annotations = any(
        isinstance(node, ast.AnnAssign) or getattr(node, "annotation", None) or getattr(node, "returns", None)
        for part in kept
        for node in ast.walk(part.node)
    )
    names -= set() if has_annotations else {"annotations"}
    return (f"from __future__ import {', '.join(sorted(names))}\n" if names else ""), kept


def imports_the_reference(node: ast.stmt, reference: ast.Module) -> bool:
    """`from model import Model`: the reference is in the same file."""
    names = {alias.asname or alias.name for alias in node.names} if isinstance(node, ast.ImportFrom) else set()
    return bool(names & {"Model", "get_inputs", "get_init_inputs"}) and names <= bound_at_the_top(reference)


def is_import(node: ast.stmt) -> bool:
    """Either form of import."""
    return isinstance(node, ast.Import | ast.ImportFrom)


def is_future(node: ast.stmt) -> bool:
    """`from __future__ import ...`."""
    return isinstance(node, ast.ImportFrom) and node.module == "__future__"


def first_line(node: ast.stmt) -> str:
    """How a statement begins, for a message."""
    return ast.unparse(node).partition("\n")[0][:80]


def changes(node: ast.stmt) -> bool:
    """Whether a statement makes `ModelNew`, or something of it, another one."""
    called = [each.func.id for each in ast.walk(node) if isinstance(each, ast.Call) and isinstance(each.func, ast.Name)]
    return "ModelNew" in bound([node]) or bool(attributes_of("ModelNew", [node], ast.Store)) or "setattr" in called
