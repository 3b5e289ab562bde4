"""From a response to a kernel, or to the reason why there is none. Nothing here raises, whatever the model wrote, and
nothing is executed."""

import ast
import re
import textwrap
import warnings
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from kbwf.errors import TaskError
from kbwf.records import Task
from kbwf.records.base import sha256_of
from kbwf.tasks.prompts import PromptStyle, dump, forward_arguments, source_of

MAX_RESPONSE_CHARS = 100_000
"""Longer responses hold no kernel: parsing must not take the memory or the time of a run."""

_FENCE = re.compile(r"^[ \t]*(?:```|~~~)[^\n]*$", re.MULTILINE)
_TYPOGRAPHY = str.maketrans("\u201c\u201d\u201e\u2018\u2019\u00a0\u2212", '"""\'\' -')
"""Curly quotes, the no-break space and the minus sign, as chat models write them."""
_UNPARSABLE = (SyntaxError, ValueError, RecursionError, MemoryError)
"""What `ast.parse`, `ast.dump` and `ast.unparse` raise on hostile text, integers of 5,000 digits included."""


@dataclass(frozen=True)
class Extraction:
    """A kernel, or the reason why the response holds none; exactly one of the two is there."""

    kernel_source: str | None
    """A whole file that parses and defines `ModelNew`."""
    reason: str
    """One line; empty if there is a kernel."""


class _NoKernelError(Exception):
    """The text is no kernel; the message is the reason."""


def extract_kernel(response: str, task: Task, style: PromptStyle) -> Extraction:
    """The kernel in a response.

    forward_body: fences and typographic quotes are removed, a whole function or class is reduced to the body of its
    `forward`, and the body is placed into `ModelNew.forward` after the reference. The first imports of the response
    move before the class.
    model_new: the last block that defines `ModelNew`. If it uses the reference's `Model`, the reference goes before it.
    """
    if len(response) > MAX_RESPONSE_CHARS:
        return Extraction(None, f"response too long: {len(response)} characters, {MAX_RESPONSE_CHARS} are allowed")
    text = response.replace("\r\n", "\n").replace("\r", "\n")
    text = text.rpartition("</think>")[2]
    if not text.strip():
        return Extraction(None, "empty response")
    if any(character == "\0" or "\ud800" <= character <= "\udfff" for character in text):
        return Extraction(None, "no text: the response holds a null byte or half a character")
    reasons = []
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        for block in _blocks(text):
            try:
                kernel_source = _place_body(block, task) if style == "forward_body" else _whole_file(block, task)
                if not _defines(ast.parse(kernel_source), "ModelNew"):
                    raise _NoKernelError("the answer does not define ModelNew")
                return Extraction(kernel_source, "")
            except (_NoKernelError, TaskError) as failure:
                reasons.append(str(failure))
            except _UNPARSABLE as failure:
                reasons.append(f"the answer cannot be parsed: {type(failure).__name__}")
    return Extraction(None, " ".join(reasons[0].split()))


def kernel_digest(kernel_source: str) -> str:
    """Content address of a kernel: SHA-256 of its syntax tree, so that comments, docstrings and layout do not count.

    Text that does not parse is hashed as it is.
    """
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            tree = ast.parse(kernel_source)
        for node in ast.walk(tree):
            if isinstance(node, ast.Module | ast.ClassDef | ast.FunctionDef | ast.AsyncFunctionDef) and _has_docstring(
                node
            ):
                node.body = node.body[1:]
        return sha256_of(ast.dump(tree))
    except _UNPARSABLE:
        return sha256_of(kernel_source.encode("utf-8", "backslashreplace").decode())


def _blocks(text: str) -> Iterator[str]:
    """Texts that may be the answer, likeliest first: fenced blocks from the last to the first, then what precedes them.

    A block without an end reaches to the end of the text: the response was cut there.
    """
    fences = list(_FENCE.finditer(text))
    ends = [fence.start() for fence in fences[1::2]] + [len(text)]
    blocks = [text[start.end() : end] for start, end in zip(fences[::2], ends, strict=False)]
    yield from (block.strip("\n") for block in reversed(blocks) if block.strip())
    before = text[: fences[0].start()] if fences else text
    if before.strip() or not any(block.strip() for block in blocks):
        yield before.strip("\n")


def _place_body(block: str, task: Task) -> str:
    """The reference, and after it `ModelNew` with the block's body of `forward`.

    Imports that the reference has already are left out, so that kernels which differ in them alone are equal.
    """
    tree, text = _parse(block)
    statements = tree.body[1:] if _has_docstring(tree) else tree.body
    known = dump(ast.parse(task.reference_source).body)
    imports: list[str] = []
    while statements and isinstance(statements[0], ast.Import | ast.ImportFrom):
        if not _is_future(statements[0]) and ast.dump(statements[0]) not in known:
            imports.append(ast.unparse(statements[0]) + "\n")
        statements = statements[1:]
    arguments = forward_arguments(task.reference_source)
    aliases = ""
    forward = None if _has_return(statements) else _forward_of(statements)
    if forward is not None:
        aliases = _aliases(arguments, forward)
        statements = forward.body
    if not _has_return(statements):
        raise _NoKernelError("no return statement in the answer: it is prose, or cut off")
    head = task.reference_source.rstrip("\n") + "\n\n\n" + "".join(imports) + ("\n\n" if imports else "")
    head += f"class ModelNew(Model):\n    def forward({arguments}):\n{aliases}"
    kernel_source = head + textwrap.indent(source_of(text, statements), " " * 8) + "\n"
    if dump(_last_forward_body(kernel_source)[bool(aliases) :]) != dump(statements):
        # Indentation went into a string of several lines, or the body hangs on a line of its own.
        written_anew = "\n".join(ast.unparse(statement) for statement in statements)
        kernel_source = head + textwrap.indent(written_anew, " " * 8) + "\n"
    return kernel_source


def _whole_file(block: str, task: Task) -> str:
    """The block, with the reference before it if it needs the reference's `Model`."""
    tree, text = _parse(block)
    if not _defines(tree, "ModelNew"):
        raise _NoKernelError("the answer does not define ModelNew")
    is_used = is_defined = False
    for node in ast.walk(tree):
        if isinstance(node, ast.Name) and node.id == "Model":
            is_used |= isinstance(node.ctx, ast.Load)
            is_defined |= isinstance(node.ctx, ast.Store)
        elif isinstance(node, ast.ClassDef | ast.FunctionDef):
            is_defined |= node.name == "Model"
        elif isinstance(node, ast.alias):
            is_defined |= (node.asname or node.name) == "Model"
    if not is_used or is_defined:
        return text.strip("\n") + "\n"
    # Imports from __future__ may only stand at the top of a file.
    statements = [node for node in tree.body if not _is_future(node)]
    own = text.strip("\n") if len(statements) == len(tree.body) else "\n".join(map(ast.unparse, statements))
    return task.reference_source.rstrip("\n") + "\n\n\n" + own + "\n"


def _parse(text: str) -> tuple[ast.Module, str]:
    """The text's syntax tree, and the text as it was parsed.

    Tried in turn: dedented; all but the first line dedented, as when a model continues a line that was indented for it;
    the same with plain quotes for typographic ones.
    """
    dedented = textwrap.dedent(text)
    first, _, rest = dedented.partition("\n")
    variants = [dedented, f"{first}\n{textwrap.dedent(rest)}"]
    failure: SyntaxError | None = None
    for variant in (*variants, *(variant.translate(_TYPOGRAPHY) for variant in variants)):
        try:
            return ast.parse(variant), variant
        except SyntaxError as error:
            failure = failure or error
    number = failure.lineno or 1 if failure else 1
    message = failure.msg if failure else ""
    line = (dedented.split("\n")[number - 1 : number] or [""])[0].strip()
    raise _NoKernelError(f"syntax error in line {number}: {message} ({line[:80]!r})")


def _forward_of(statements: Sequence[ast.stmt]) -> ast.FunctionDef | None:
    """`forward` of `ModelNew`, else of the last class that has one, else the function `forward`, else the only one."""
    classes = [node for node in statements if isinstance(node, ast.ClassDef)]
    for node in sorted(classes, key=lambda node: (node.name == "ModelNew", node.lineno), reverse=True):
        for member in node.body:
            if isinstance(member, ast.FunctionDef) and member.name == "forward":
                return member
    functions = [node for node in statements if isinstance(node, ast.FunctionDef)]
    named = [function for function in functions if function.name == "forward"]
    if named or len(functions) == 1:
        return (named or functions)[-1]
    return None


def _aliases(arguments: str, forward: ast.FunctionDef) -> str:
    """A first line that gives the reference's arguments the answer's names; empty if the names are the same.

    `self` may be missing in the answer: a model often writes a plain function.
    """
    reference = ast.parse(f"def forward({arguments}): ...").body[0]
    assert isinstance(reference, ast.FunctionDef)
    names, own_names = _names(reference), _names(forward)
    if own_names[:1] != ["self"] and len(own_names) < len(names):
        own_names = ["self", *own_names]
    if len(names) != len(own_names) or _variadic(reference) != _variadic(forward):
        raise _NoKernelError(
            f"wrong signature: forward takes ({arguments}), the answer's ({ast.unparse(forward.args)})"
        )
    pairs = [(own, name) for own, name in zip(own_names, names, strict=True) if own != name]
    if not pairs:
        return ""
    return " " * 8 + f"{', '.join(own for own, _ in pairs)} = {', '.join(name for _, name in pairs)}\n"


def _names(function: ast.FunctionDef) -> list[str]:
    return [argument.arg for argument in (*function.args.posonlyargs, *function.args.args)]


def _variadic(function: ast.FunctionDef) -> list[str]:
    arguments = [function.args.vararg, *function.args.kwonlyargs, function.args.kwarg]
    return [argument.arg for argument in arguments if argument is not None]


def _last_forward_body(kernel_source: str) -> list[ast.stmt]:
    model = ast.parse(kernel_source).body[-1]
    forward = model.body[0] if isinstance(model, ast.ClassDef) else None
    return forward.body if isinstance(forward, ast.FunctionDef) else []


def _has_return(statements: Sequence[ast.stmt]) -> bool:
    """Whether one of the statements returns, functions and classes inside them apart."""
    pending: list[ast.AST] = list(statements)
    while pending:
        node = pending.pop()
        if isinstance(node, ast.Return):
            return True
        if not isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef | ast.Lambda):
            pending.extend(ast.iter_child_nodes(node))
    return False


def _has_docstring(node: ast.Module | ast.ClassDef | ast.FunctionDef | ast.AsyncFunctionDef) -> bool:
    return ast.get_docstring(node, clean=False) is not None


def _is_future(node: ast.stmt) -> bool:
    return isinstance(node, ast.ImportFrom) and node.module == "__future__"


def _defines(tree: ast.Module, name: str) -> bool:
    return any(isinstance(node, ast.ClassDef) and node.name == name for node in tree.body)
