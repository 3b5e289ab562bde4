"""From an offer to a whole file that defines `ModelNew`.

Style forward_body: the reference, then what stands beside `forward` in the answer, then `ModelNew(Model)` with the
answer's `forward`. Style model_new: the answer as it is, after the reference where it needs a name of it.
"""

import ast
import copy
import textwrap
from collections.abc import Iterable
from dataclasses import dataclass, field

from kbwf.records import Task
from kbwf.tasks.names import attributes_of, binds, bound, lacking, loaded
from kbwf.tasks.offers import Function, Offer, has_return, is_plain, without_docstring
from kbwf.tasks.prompts import dump, forward_arguments, reference_model, source_of
from kbwf.tasks.signatures import fitted

_NEEDS_ITS_OWN_FIRST_ARGUMENT = ("jit", "script", "custom_op", "vmap")


@dataclass(frozen=True)
class Part:
    """A statement of the kernel file, and how it is written."""

    node: ast.stmt
    text: str


@dataclass
class Placed:
    """A kernel file in the making."""

    parts: list[Part] = field(default_factory=list)
    not_taken: list[str] = field(default_factory=list)


def parts_of(text: str, statements: Iterable[ast.stmt]) -> list[Part]:
    """The statements as they are written in the text."""
    return [Part(node, source_of(text, [node])) for node in statements]


def place(offer: Offer, beside: list[Part], task: Task) -> tuple[str, list[str]]:
    """The kernel file of style forward_body, and what of the answer is not in it.

    `beside` are statements of the answer's other blocks that the offer needs.
    """
    placed = Placed()
    statements = without_docstring(offer.reading.tree.body)
    if offer.kind == "body":
        count = next((at for at, node in enumerate(statements) if not _is_import(node)), len(statements))
        _add_beside(placed, [*beside, *parts_of(offer.reading.text, statements[:count])], None, task)
        arguments = reference_model(task.reference_source).forward.args
        end = next((at for at, node in enumerate(statements) if isinstance(node, ast.Return)), len(statements)) + 1
        placed.not_taken += [_first_line(node) for node in statements[end:]]
        placed.parts.append(_model_new([_method(arguments, statements[count:end], offer.reading.text, [], [])]))
    elif offer.kind == "file":
        _add_beside(placed, [*beside, *parts_of(offer.reading.text, statements)], None, task)
    elif isinstance(offer.node, ast.ClassDef):
        _place_class(placed, offer, offer.node, beside, task)
    else:
        assert offer.node is not None
        _place_function(placed, offer, offer.node, beside, task)
    return _written(placed, task), placed.not_taken


def place_file(offer: Offer, beside: list[Part], task: Task) -> str:
    """The kernel file of style model_new."""
    tree, text = offer.reading.tree, offer.reading.text.strip("\n")
    reference = reference_model(task.reference_source).tree
    parts = [*beside, *parts_of(offer.reading.text, tree.body)]
    kept = [part for part in parts if not _imports_the_reference(part.node, reference)]
    needs_reference = bool(
        len(kept) < len(parts) or lacking([part.node for part in kept], ()) & bound_at_the_top(reference)
    )
    if len(kept) < len(tree.body) or beside or (needs_reference and any(map(_is_future, tree.body))):
        future, kept = _split_future(kept)
        text = _joined(kept)
    else:
        future = ""
    if isinstance(offer.node, ast.ClassDef) and offer.node.name != "ModelNew":
        text += f"\n\n\nModelNew = {offer.node.name}"
    return future + (task.reference_source.rstrip("\n") + "\n\n\n" if needs_reference else "") + text + "\n"


def bound_at_the_top(tree: ast.Module) -> set[str]:
    """Names that a file defines."""
    return {name for node in tree.body for name in binds(node)}


def _place_class(placed: Placed, offer: Offer, node: ast.ClassDef, beside: list[Part], task: Task) -> None:
    """A class as it is written, but for its name, for `Model` as its base if it has no `__init__`, and for `forward`."""
    reading, model = offer.reading, reference_model(task.reference_source)
    statements = without_docstring(reading.tree.body)
    if node.name != "ModelNew":
        at = statements.index(node)
        statements = [_Renamed(node.name).visit(copy.deepcopy(each)) for each in statements]
        renamed = statements[at]
        assert isinstance(renamed, ast.ClassDef)
        node = renamed
    at = next(index for index, each in enumerate(statements) if each is node)
    init = next((each for each in node.body if isinstance(each, Function) and each.name == "__init__"), None)
    members = list(node.body)
    inherits = is_plain(node) and init is None
    if (
        init is not None
        and is_plain(node)
        and _only_calls_super(init)
        and _uses_what_the_reference_sets(node, model.model)
    ):
        inherits = True
        members.remove(init)
        placed.not_taken.append("__init__, which leaves out what forward uses of Model's")
    own = next(each for each in reversed(members) if isinstance(each, ast.FunctionDef) and each.name == "forward")
    written: list[Part] = []
    for member in members:
        if member is own and not any(ast.unparse(each) == "staticmethod" for each in own.decorator_list):
            fit = fitted(own.args, model.forward.args, is_method=True)
            assert fit is not None
            written.append(_method(fit.arguments, own.body, reading.text, fit.renamed, own.decorator_list))
        else:
            written.append(Part(member, source_of(reading.text, [member])))
    bases = "Model" if inherits else ", ".join(map(ast.unparse, [*node.bases, *node.keywords]))
    before = [*beside, *parts_of(reading.text, statements[:at])]
    after = parts_of(reading.text, statements[at + 1 :])
    _add_beside(placed, before, None, task)
    placed.parts.append(_model_new(written, bases, node.decorator_list))
    _add_beside(placed, after, {"ModelNew"}, task)


def _place_function(placed: Placed, offer: Offer, node: ast.stmt, beside: list[Part], task: Task) -> None:
    """A plain function as `ModelNew.forward`; functions and values that it reaches through `self` become members."""
    reading, model = offer.reading, reference_model(task.reference_source)
    statements = without_docstring(reading.tree.body)
    at = statements.index(node)
    reached = attributes_of("self", statements, ast.Load)
    named = loaded(statements)
    members = [
        part
        for part in parts_of(reading.text, [each for each in statements if each is not node])
        if _is_member(part.node, reached, named)
    ]
    inside = {id(part.node) for part in members}
    name = node.name if isinstance(node, Function) else "forward"
    decorators = node.decorator_list if isinstance(node, Function) else []
    arguments, body = _lambda_or_function(node)
    fit = fitted(arguments, model.forward.args, is_method=False)
    assert fit is not None
    before = [*beside, *(part for part in parts_of(reading.text, statements[:at]) if id(part.node) not in inside)]
    after = [part for part in parts_of(reading.text, statements[at + 1 :]) if id(part.node) not in inside]
    if fit.lacks_self and any(
        word in ast.unparse(each) for each in decorators for word in _NEEDS_ITS_OWN_FIRST_ARGUMENT
    ):
        before.append(Part(node, source_of(reading.text, [node])))
        passed = [argument.arg for argument in (*model.forward.args.posonlyargs, *model.forward.args.args)][1:]
        call = ast.parse(f"return {name}({', '.join(passed)})").body
        method = _method(model.forward.args, call, ast.unparse(call[0]), [], [])
    else:
        method = _method(fit.arguments, body, reading.text, fit.renamed, decorators)
    _add_beside(placed, before, None, task)
    placed.parts.append(_model_new([*members, method]))
    _add_beside(placed, after, {name, "ModelNew"}, task)


def _add_beside(placed: Placed, parts: list[Part], kernel_names: set[str] | None, task: Task) -> None:
    """What comes along: all but what the reference has already, and uses of the kernel after it (`kernel_names`)."""
    reference = reference_model(task.reference_source).tree
    known = set(dump(reference.body))
    everything = [part.node for part in (*placed.parts, *parts)]
    own = [node for node in everything if ast.dump(node) not in known]
    rebound = {name for node in own for name in binds(node)}
    needed = {name for node in everything if isinstance(node, ast.ClassDef | Function) for name in lacking([node])}
    users = set() if kernel_names is None else {*kernel_names, "get_inputs", "get_init_inputs"}
    for part in parts:
        node = part.node
        is_there = ast.dump(node) in known and not binds(node) & rebound
        is_text = isinstance(node, ast.Expr) and isinstance(node.value, ast.Constant)
        if is_there or is_text or _imports_the_reference(node, reference):
            continue
        is_definition = isinstance(node, ast.ClassDef | Function) or _is_import(node)
        if loaded([node]) & users and not is_definition and not _changes(node, "ModelNew") and not binds(node) & needed:
            placed.not_taken.append(_first_line(node))
            users |= binds(node)
            continue
        placed.parts.append(part)


def _written(placed: Placed, task: Task) -> str:
    future, parts = _split_future(placed.parts)
    text = _joined(parts)
    if dump(ast.parse(text).body) != dump([part.node for part in parts]):
        # Indentation went into a string of several lines, or a body hangs on a line of its own.
        text = _joined([Part(part.node, ast.unparse(part.node)) for part in parts])
    notes = "".join(f"# Not taken from the answer: {line}\n" for line in placed.not_taken)
    return future + task.reference_source.rstrip("\n") + "\n\n\n" + notes + text + "\n"


def _joined(parts: list[Part]) -> str:
    text = ""
    for index, part in enumerate(parts):
        follows_import = index > 0 and _is_import(parts[index - 1].node) and _is_import(part.node)
        text += ("\n" if follows_import else "\n\n\n" if index else "") + part.text
    return text


def _split_future(parts: list[Part]) -> tuple[str, list[Part]]:
    """Imports from __future__, which must stand at the top of a file, and the rest.

    Without annotations `annotations` says nothing, and kernels that differ in it alone are equal.
    """
    kept = [part for part in parts if not _is_future(part.node)]
    names = {alias.name for part in parts if isinstance(part.node, ast.ImportFrom) and _is_future(part.node)
             for alias in part.node.names}  # fmt: skip
    has_annotations = any(
        isinstance(node, ast.AnnAssign) or getattr(node, "annotation", None) or getattr(node, "returns", None)
        for part in kept
        for node in ast.walk(part.node)
    )
    names -= set() if has_annotations else {"annotations"}
    return (f"from __future__ import {', '.join(sorted(names))}\n" if names else ""), kept


def _method(
    arguments: ast.arguments,
    body: list[ast.stmt],
    text: str,
    renamed: list[tuple[str, str]],
    decorators: list[ast.expr],
) -> Part:
    """`forward` with this parameter list; a first line gives parameters the names that the body knows them by."""
    parameters = ast.unparse(arguments)
    alias = f"{', '.join(own for own, _ in renamed)} = {', '.join(name for _, name in renamed)}\n" if renamed else ""
    node = ast.parse(f"def forward({parameters}):\n    pass").body[0]
    assert isinstance(node, ast.FunctionDef)
    node.body = [*ast.parse(alias).body, *body]
    node.decorator_list = decorators
    head = "".join(f"@{ast.unparse(each)}\n" for each in decorators)
    return Part(node, f"{head}def forward({parameters}):\n" + textwrap.indent(alias + source_of(text, body), " " * 4))


def _model_new(members: list[Part], bases: str = "Model", decorators: Iterable[ast.expr] = ()) -> Part:
    header = f"class ModelNew({bases}):" if bases else "class ModelNew:"
    node = ast.parse(f"{header}\n    pass").body[0]
    assert isinstance(node, ast.ClassDef)
    node.body = [member.node for member in members]
    node.decorator_list = list(decorators)
    head = "".join(f"@{ast.unparse(each)}\n" for each in decorators)
    text = "\n\n".join(textwrap.indent(member.text, " " * 4) for member in members)
    return Part(node, f"{head}{header}\n{text}")


def _lambda_or_function(node: ast.stmt) -> tuple[ast.arguments, list[ast.stmt]]:
    if isinstance(node, ast.Assign) and isinstance(node.value, ast.Lambda):
        return node.value.args, ast.parse(f"return {ast.unparse(node.value.body)}").body
    assert isinstance(node, ast.FunctionDef)
    return node.args, node.body


def _is_member(node: ast.stmt, reached: set[str], named: set[str]) -> bool:
    """Whether a statement beside a plain `forward` belongs into its class: it is used as `self.name`."""
    if isinstance(node, Function):
        takes_self = [argument.arg for argument in node.args.args][:1] == ["self"]
        return takes_self and (node.name in reached or node.name.startswith("__"))
    names = binds(node)
    return isinstance(node, ast.Assign | ast.AnnAssign) and bool(names) and names <= reached and not names & named


def _imports_the_reference(node: ast.stmt, reference: ast.Module) -> bool:
    """`from model import Model`: the reference is in the same file."""
    names = {alias.asname or alias.name for alias in node.names} if isinstance(node, ast.ImportFrom) else set()
    return bool(names & {"Model", "get_inputs", "get_init_inputs"}) and names <= bound_at_the_top(reference)


def _changes(node: ast.stmt, name: str) -> bool:
    called = [each.func.id for each in ast.walk(node) if isinstance(each, ast.Call) and isinstance(each.func, ast.Name)]
    return name in bound([node]) or bool(attributes_of(name, [node], ast.Store)) or "setattr" in called


def _only_calls_super(init: Function) -> bool:
    return all(
        isinstance(each, ast.Pass)
        or (isinstance(each, ast.Expr) and ast.unparse(each).startswith("super(") and ".__init__(" in ast.unparse(each))
        for each in without_docstring(init.body)
    )


def _uses_what_the_reference_sets(node: ast.ClassDef, model: ast.ClassDef) -> bool:
    own = {name for member in node.body for name in binds(member)} | attributes_of("self", [node], ast.Store)
    return bool((attributes_of("self", [node], ast.Load) - own) & attributes_of("self", [model], ast.Store))


def _first_line(node: ast.stmt) -> str:
    return ast.unparse(node).partition("\n")[0][:80]


def _is_import(node: ast.stmt) -> bool:
    return isinstance(node, ast.Import | ast.ImportFrom)


def _is_future(node: ast.stmt) -> bool:
    return isinstance(node, ast.ImportFrom) and node.module == "__future__"


class _Renamed(ast.NodeTransformer):
    """The class under the name `ModelNew` wherever it is spoken of."""

    def __init__(self, name: str) -> None:
        self.name = name

    def visit_Name(self, node: ast.Name) -> ast.Name:
        return ast.Name("ModelNew", node.ctx) if node.id == self.name else node

    def visit_ClassDef(self, node: ast.ClassDef) -> ast.AST:
        node.name = "ModelNew" if node.name == self.name else node.name
        return self.generic_visit(node)
