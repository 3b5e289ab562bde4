"""From an offer to a whole file that defines `ModelNew`.

Style forward_body: the reference, then what stands beside `forward` in the answer, then `ModelNew(Model)` with the
answer's `forward`. Style model_new: the answer as it is, after the reference where it needs a name of it.
"""

import ast
import copy
import textwrap
from collections.abc import Iterable
from typing import NamedTuple

from kbwf.records import Task
from kbwf.tasks.fitness import is_plain
from kbwf.tasks.kernel_file import (
    Part,
    beside,
    bound_at_the_top,
    changes,
    first_line,
    imports_the_reference,
    is_future,
    is_import,
    joined,
    parts_of,
    split_future,
    written,
)
from kbwf.tasks.names import attributes_of, binds, lacking, loaded
from kbwf.tasks.offers import Offer
from kbwf.tasks.prompts import reference_model, source_of
from kbwf.tasks.signatures import fitted
from kbwf.tasks.statements import Function, without_docstring

_NEEDS_ITS_OWN_FIRST_ARGUMENT = ("jit", "script", "custom_op", "vmap")
"""Decorators of plain functions that a method cannot have."""


class _Kernel(NamedTuple):
    """`ModelNew`, between the statements that stood before and after it."""

    before: list[Part]
    part: Part | None
    after: list[Part]
    not_taken: list[str]
    replaced: ast.stmt | None
    """The answer's statement that `part` stands for."""


def place(offer: Offer, helpers: list[Part], task: Task) -> tuple[str, list[str]]:
    """The kernel file of style forward_body, and a line on each statement of the answer that is not in it.

    `helpers` are statements of the answer's other blocks that the offer needs.
    """
    if offer.kind == "body":
        kernel = _of_body(offer, task)
    elif isinstance(offer.node, ast.ClassDef):
        kernel = _of_class(offer, offer.node, task)
    elif offer.node is not None:
        kernel = _of_function(offer, offer.node, task)
    else:
        statements = parts_of(offer.reading.text, without_docstring(offer.reading.tree.body))
        kernel = _Kernel(statements, None, [], [], None)
    between = [] if kernel.part is None else [kernel.part]
    parts = [*helpers, *kernel.before, *between, *kernel.after]
    kept, not_taken = beside(parts, kernel.part, kernel.replaced, task.reference_source)
    not_taken = [*kernel.not_taken, *not_taken]
    return written(kept, not_taken, task.reference_source), not_taken


def place_file(offer: Offer, helpers: list[Part], task: Task) -> str:
    """The kernel file of style model_new."""
    text, future = offer.reading.text.strip("\n"), ""
    reference = reference_model(task.reference_source).tree
    parts = [*helpers, *parts_of(offer.reading.text, offer.reading.tree.body)]
    kept = [part for part in parts if not imports_the_reference(part.node, reference)]
    lacks = lacking([part.node for part in kept if not _is_for_scripts(part.node)])
    needs_reference = len(kept) < len(parts) or bool(lacks & bound_at_the_top(reference))
    if len(kept) < len(parts) or helpers or (needs_reference and any(is_future(part.node) for part in parts)):
        future, kept = split_future(kept)
        text = joined(kept)
    if isinstance(offer.node, ast.ClassDef) and offer.node.name != "ModelNew":
        text += f"\n\n\nModelNew = {offer.node.name}"
    return future + (task.reference_source.rstrip("\n") + "\n\n\n" if needs_reference else "") + text + "\n"


def _of_body(offer: Offer, task: Task) -> _Kernel:
    """Statements as the body of `forward`, but for the first imports; none after a `return` is ever reached."""
    text, statements = offer.reading.text, without_docstring(offer.reading.tree.body)
    first = next((at for at, node in enumerate(statements) if not is_import(node)), len(statements))
    end = next((at for at, node in enumerate(statements) if isinstance(node, ast.Return)), len(statements)) + 1
    arguments = reference_model(task.reference_source).forward.args
    method = _method(arguments, statements[first:end], text, [], [])
    not_taken = [first_line(node) for node in statements[end:]]
    return _Kernel(parts_of(text, statements[:first]), _model_new([method]), [], not_taken, None)


def _of_class(offer: Offer, node: ast.ClassDef, task: Task) -> _Kernel:
    """A class as it is written, but for its name, for `Model` as its base without an `__init__`, and for `forward`."""
    text, statements = offer.reading.text, without_docstring(offer.reading.tree.body)
    model = reference_model(task.reference_source)
    at = next(index for index, each in enumerate(statements) if each is node)
    replaced: ast.stmt = node
    if node.name != "ModelNew":
        statements = [_Renamed(node.name).visit(copy.deepcopy(each)) for each in statements]
        replaced = statements[at]
        assert isinstance(replaced, ast.ClassDef)
        node = replaced
    init = next((each for each in node.body if isinstance(each, Function) and each.name == "__init__"), None)
    leaves_out = init is not None and _only_calls_super(init) and _uses_what_the_reference_sets(node, model.model)
    inherits = is_plain(node) and (init is None or leaves_out)
    members = [each for each in node.body if not (inherits and each is init)]
    not_taken = ["__init__, which leaves out what forward uses of Model's"] if len(members) < len(node.body) else []
    own = next(each for each in reversed(members) if isinstance(each, ast.FunctionDef) and each.name == "forward")
    parts = parts_of(text, members)
    if not any(ast.unparse(each) == "staticmethod" for each in own.decorator_list):
        fit = fitted(own.args, model.forward.args, is_method=True)
        assert fit is not None, "the offer was one because it fits"
        method = _method(fit.arguments, own.body, text, fit.renamed, own.decorator_list)
        parts = [method if part.node is own else part for part in parts]
    bases = "Model" if inherits else ", ".join(map(ast.unparse, [*node.bases, *node.keywords]))
    kernel = _model_new(parts, bases, node.decorator_list)
    return _Kernel(parts_of(text, statements[:at]), kernel, parts_of(text, statements[at + 1 :]), not_taken, replaced)


def _of_function(offer: Offer, node: ast.stmt, task: Task) -> _Kernel:
    """A plain function as `ModelNew.forward`; functions and values that it reaches through `self` become members."""
    text, statements = offer.reading.text, without_docstring(offer.reading.tree.body)
    reference = reference_model(task.reference_source).forward.args
    reached, named = attributes_of("self", statements, ast.Load), loaded(statements)
    before, after = (
        parts_of(text, [each for each in side if not _is_member(each, reached, named)])
        for side in (statements[: statements.index(node)], statements[statements.index(node) + 1 :])
    )
    others = [each for each in statements if each is not node]
    members = parts_of(text, [each for each in others if _is_member(each, reached, named)])
    decorators = node.decorator_list if isinstance(node, Function) else []
    arguments, body = _lambda_or_function(node)
    fit = fitted(arguments, reference, is_method=False)
    assert fit is not None, "the offer was one because it fits"
    names = [ast.unparse(each) for each in decorators]
    if fit.lacks_self and any(word in name for name in names for word in _NEEDS_ITS_OWN_FIRST_ARGUMENT):
        assert isinstance(node, Function)
        passed = [argument.arg for argument in (*reference.posonlyargs, *reference.args)][1:]
        call = f"return {node.name}({', '.join(passed)})"
        method = _method(reference, ast.parse(call).body, call, [], [])
        return _Kernel([*before, *parts_of(text, [node])], _model_new([*members, method]), after, [], None)
    method = _method(fit.arguments, body, text, fit.renamed, decorators)
    if binds(node) & loaded(each for each in others if isinstance(each, Function | ast.ClassDef) or changes(each)):
        return _Kernel([*before, *parts_of(text, [node])], _model_new([*members, method]), after, [], None)
    return _Kernel(before, _model_new([*members, method]), after, [], node)


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
    if isinstance(node, ast.Expr) and isinstance(node.value, ast.Lambda):
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


def _is_for_scripts(node: ast.stmt) -> bool:
    """`if __name__ == "__main__":`, which a kernel never is."""
    return isinstance(node, ast.If) and "__name__" in loaded([node.test])


def _only_calls_super(init: Function) -> bool:
    return all(
        isinstance(each, ast.Pass)
        or (isinstance(each, ast.Expr) and ast.unparse(each).startswith("super(") and ".__init__(" in ast.unparse(each))
        for each in without_docstring(init.body)
    )


def _uses_what_the_reference_sets(node: ast.ClassDef, model: ast.ClassDef) -> bool:
    own = {name for member in node.body for name in binds(member)} | attributes_of("self", [node], ast.Store)
    return bool((attributes_of("self", [node], ast.Load) - own) & attributes_of("self", [model], ast.Store))


class _Renamed(ast.NodeTransformer):
    """The class under the name `ModelNew` wherever it is spoken of."""

    def __init__(self, name: str) -> None:
        self.name = name

    def visit_Name(self, node: ast.Name) -> ast.Name:
        return ast.Name("ModelNew", node.ctx) if node.id == self.name else node

    def visit_ClassDef(self, node: ast.ClassDef) -> ast.AST:
        node.name = "ModelNew" if node.name == self.name else node.name
        return self.generic_visit(node)
