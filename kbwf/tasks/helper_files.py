"""Answers of several files: what one of them imports from another is put together, since a kernel is one file."""

import ast
import re

from kbwf.tasks.blocks import Block
from kbwf.tasks.kernel_file import imports_the_reference

_NAMED = re.compile(r"\b(?P<stem>[A-Za-z_]\w{0,60})\.py\b")
_COMMENT = re.compile(r"#[^\n]{0,80}|\"\"\"[^\n]{0,80}")


def file_names(block: Block) -> set[str]:
    """Names of modules that the line before a block, or a comment at its head, calls it by."""
    comment = _COMMENT.match(block.text.lstrip())
    return {match["stem"] for match in _NAMED.finditer(f"{block.label} {comment.group() if comment else ''}")}


def joined_imports(text: str, tree: ast.Module, files: set[str], defined: set[str], reference: ast.Module) -> str:
    """The text without its imports of names that other blocks of the answer define; lines keep their numbers."""
    lines = text.split("\n")
    for node in _imports_of(tree, files, reference):
        names = {alias.name for alias in node.names} - {"*"} if isinstance(node, ast.ImportFrom) else {""}
        if names <= defined:
            aliases = "; ".join(f"{alias.asname} = {alias.name}" for alias in node.names if alias.asname)
            end = node.end_lineno or node.lineno
            lines[node.lineno - 1 : end] = [aliases, *[""] * (end - node.lineno)]
    return "\n".join(lines)


def needs_a_file(tree: ast.Module, files: set[str], reference: ast.Module) -> str:
    """Why a kernel cannot stand alone, if it imports from a file of its own."""
    imports = _imports_of(tree, files, reference)
    return f"the kernel is not one file: `{ast.unparse(imports[0])}` needs a second file" if imports else ""


def _imports_of(tree: ast.Module, files: set[str], reference: ast.Module) -> list[ast.Import | ast.ImportFrom]:
    """Imports at the top from a package of the answer's own, or from a file that it names."""
    found: list[ast.Import | ast.ImportFrom] = []
    for node in tree.body:
        if isinstance(node, ast.ImportFrom) and not imports_the_reference(node, reference):
            is_own = node.level > 0 or (node.module or "").rpartition(".")[2] in files
        elif isinstance(node, ast.Import):
            is_own = any(alias.name in files for alias in node.names)
        else:
            is_own = False
        if is_own and isinstance(node, ast.Import | ast.ImportFrom):
            found.append(node)
    return found
