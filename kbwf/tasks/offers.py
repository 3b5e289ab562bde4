"""What a piece of Python offers as the kernel: a body of `forward`, a function, a class, or a file with `ModelNew`."""

import ast
import re
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Literal

from kbwf.records import Task
from kbwf.tasks.names import attributes_of, binds, bound, lacking, loaded, module_level
from kbwf.tasks.prompts import PromptStyle, dump, reference_model
from kbwf.tasks.python_text import Reading
from kbwf.tasks.signatures import fitted

Function = ast.FunctionDef | ast.AsyncFunctionDef
Kind = Literal["body", "function", "class", "file"]
_OF_THE_REFERENCE = {"reference", "ref", "original", "orig", "baseline", "old", "naive", "slow"}
_OF_A_TEST = {
    "test", "check", "bench", "benchmark", "verify", "compare", "validate", "profile", "measure", "time", "main",
    "demo", "assert", "example", "get",
}  # fmt: skip
_USED_BY_TESTS = {
    "ModelNew",
    "Model",
    "get_inputs",
    "get_init_inputs",
    "print",
    "allclose",
    "assert_close",
    "perf_counter",
}
_PLAIN_BASES = {"nn.Module", "torch.nn.Module", "Module", "Model", "object"}


class NoKernelError(Exception):
    """The text is no kernel; the message is the reason."""


@dataclass(frozen=True)
class Offer:
    """A kernel that a text may mean."""

    kind: Kind
    reading: Reading
    node: ast.stmt | None
    """The function or class; None of a body, and of a file that defines `ModelNew` in a way of its own."""
    is_sure: bool
    """It is called `ModelNew` or `forward`, or it is a body: nothing else could be meant."""
    repeats_reference: bool
    forward: tuple[str, ...]
    """What the statements of its `forward` mean, if they are known."""
    lacks: frozenset[str]
    """Names that neither the text nor the reference binds, and `...` where the text stands for more than it says."""


def offer_of(reading: Reading, task: Task, style: PromptStyle) -> Offer:
    """What the text offers.

    Raises:
        NoKernelError: nothing, for the reason given.
    """
    find = _in_forward_body if style == "forward_body" else _in_file
    kind, node, is_sure = find(reading, task)
    model = reference_model(task.reference_source)
    forward = tuple(dump(_forward_of(reading, kind, node)))
    known = {name for each in model.tree.body for name in binds(each)}
    lacks = lacking(reading.tree.body, known)
    if kind == "body":
        lacks -= bound([model.forward.args])
    if any(
        isinstance(each, ast.Expr | ast.Return) and _is_ellipsis(each.value)
        for top in reading.tree.body
        for each in ast.walk(top)
    ):
        lacks.add("...")
    binder = next((each for each in reading.tree.body if "ModelNew" in binds(each)), None)
    if isinstance(binder, ast.Assign) and "ModelNew" in loaded([binder.value]):
        lacks.add("ModelNew")
    return Offer(
        kind,
        reading,
        node,
        is_sure,
        repeats_reference=forward == tuple(dump(without_docstring(model.forward.body))),
        forward=forward,
        lacks=frozenset(lacks),
    )


def is_plain(node: ast.ClassDef) -> bool:
    """Whether a class adds to `nn.Module` or to the reference, and to nothing of its own."""
    return not node.keywords and all(ast.unparse(base) in _PLAIN_BASES for base in node.bases)


def has_return(statements: Sequence[ast.AST]) -> bool:
    """Whether one of the statements returns something, functions and classes inside them apart."""
    returned = [node.value for node in _own_nodes(statements) if isinstance(node, ast.Return)]
    return any(not (value is None or (isinstance(value, ast.Constant) and value.value is None)) for value in returned)


def without_docstring(statements: list[ast.stmt]) -> list[ast.stmt]:
    """The statements after the docstring."""
    first = statements[0] if statements else None
    is_text = (
        isinstance(first, ast.Expr) and isinstance(first.value, ast.Constant) and isinstance(first.value.value, str)
    )
    return statements[1:] if is_text else statements


def _in_forward_body(reading: Reading, task: Task) -> tuple[Kind, ast.stmt | None, bool]:
    statements = without_docstring(reading.tree.body)
    if has_return(statements):
        _require_result(statements)
        called = {
            node.func.id
            for node in _own_nodes(statements)
            if isinstance(node, ast.Call) and isinstance(node.func, ast.Name)
        }
        if "ModelNew" in called:
            raise NoKernelError("no return statement in the answer's code but of a test of ModelNew")
        return "body", None, True
    if _binds_model_new(statements):
        node = _last_class(statements, "ModelNew")
        _require_forward(statements)
        own = _member(node, "forward") if node is not None else None
        if own is None:
            return "file", None, True
        _require_fit(own, task, is_method=True)
        return "class", node, True
    named = [node for node in statements if _function_name(node) == "forward"]
    if named:
        _require_fit(named[-1], task, is_method=False)
        return "function", named[-1], True
    node = _other_class(statements, task)
    if node is not None:
        own = _member(node, "forward")
        assert own is not None
        _require_fit(own, task, is_method=True)
        return "class", node, False
    return "function", _other_function(statements, task), False


def _in_file(reading: Reading, task: Task) -> tuple[Kind, ast.stmt | None, bool]:
    statements = reading.tree.body
    if _binds_model_new(statements):
        _require_forward(statements)
        return "file", None, True
    node = _other_class(statements, task)
    if node is None:
        raise NoKernelError("the answer does not define ModelNew")
    return "file", node, False


def _binds_model_new(statements: list[ast.stmt]) -> bool:
    return any("ModelNew" in binds(node) for node in statements if not isinstance(node, ast.Import | ast.ImportFrom))


def _require_forward(statements: list[ast.stmt]) -> None:
    """The last class `ModelNew` has a `forward` that does something, its own or that of another class."""
    model_new = _last_class(module_level(statements), "ModelNew")
    if model_new is None:
        return
    own = _member(model_new, "forward")
    if own is not None:
        _require_result([own] if isinstance(own, ast.AsyncFunctionDef) else own.body)
        return
    is_assigned = any({"forward", "__call__"} & binds(member) for member in model_new.body)
    is_assigned |= "forward" in attributes_of("ModelNew", statements, ast.Store)
    bases = {ast.unparse(base) for base in model_new.bases}
    if not is_assigned and bases <= _PLAIN_BASES - {"Model"}:
        raise NoKernelError("ModelNew has no forward: the answer is an outline, or cut off")


def _require_fit(node: ast.stmt, task: Task, is_method: bool) -> None:
    if isinstance(node, ast.Assign | ast.Expr):
        assert isinstance(node.value, ast.Lambda)
        arguments, decorators = node.value.args, []
    else:
        assert isinstance(node, Function)
        _require_result([node] if isinstance(node, ast.AsyncFunctionDef) else node.body)
        if not has_return(node.body):
            raise NoKernelError("no return statement in the answer: it is prose, or cut off")
        arguments, decorators = node.args, [ast.unparse(each) for each in node.decorator_list]
    is_method = is_method and "staticmethod" not in decorators
    reference = reference_model(task.reference_source).forward.args
    if fitted(arguments, reference, is_method) is None:
        raise NoKernelError(
            f"wrong signature: forward takes ({ast.unparse(reference)}), the answer's ({ast.unparse(arguments)})"
        )


def _require_result(statements: Sequence[ast.stmt]) -> None:
    """`forward` is neither a coroutine, nor a generator, nor a stub."""
    own = list(_own_nodes(statements))
    if any(isinstance(node, ast.AsyncFunctionDef) for node in statements):
        raise NoKernelError("forward is a coroutine (async def): it returns no tensor")
    if any(isinstance(node, ast.Yield | ast.YieldFrom) for node in own):
        raise NoKernelError("forward is a generator (yield): it returns no tensor")
    if all(_does_nothing(node) for node in statements):
        raise NoKernelError("forward does nothing: the answer is an outline")


def _does_nothing(node: ast.stmt) -> bool:
    is_constant = isinstance(node, ast.Expr) and isinstance(node.value, ast.Constant)
    return (
        is_constant
        or (isinstance(node, ast.Return) and _is_ellipsis(node.value))
        or isinstance(node, ast.Pass)
        or (isinstance(node, ast.Raise) and "NotImplemented" in ast.unparse(node))
    )


def _other_class(statements: list[ast.stmt], task: Task) -> ast.ClassDef | None:
    """The last class with a `forward` under another name, unless it is the reference or belongs to a test."""
    reference = dump(without_docstring(reference_model(task.reference_source).forward.body))
    used = loaded(statements)
    found = None
    for node in statements:
        own = _member(node, "forward") if isinstance(node, ast.ClassDef) else None
        if own is None or not isinstance(node, ast.ClassDef):
            continue
        is_reference = node.name == "Model" and dump(without_docstring(own.body)) == reference
        if is_reference or _words(node.name) & (_OF_THE_REFERENCE | {"test"}) or not has_return(own.body):
            continue
        if found is None or node.name not in used or found.name in used:
            found = node
    if found is None and any(isinstance(node, ast.ClassDef) and node.name == "Model" for node in statements):
        raise NoKernelError("the answer does not define ModelNew: it repeats the reference")
    return found


def _other_function(statements: list[ast.stmt], task: Task) -> Function:
    """The function that no other one calls, if there is one alone and it takes the inputs."""
    functions = [node for node in statements if isinstance(node, Function)]
    used = [loaded([node]) for node in functions]
    num_users = Counter(name for names in used for name in names)
    roots = []
    for node, names in zip(functions, used, strict=True):
        attributes = {each.attr for each in ast.walk(node) if isinstance(each, ast.Attribute)}
        is_test = _words(node.name) & (_OF_THE_REFERENCE | _OF_A_TEST) or (names | attributes) & _USED_BY_TESTS
        if has_return(node.body) and not is_test and num_users[node.name] == (node.name in names):
            roots.append(node)
    fitting = [node for node in roots if _fits(node, task)]
    if len(fitting) != 1:
        if len(functions) == 1 and roots:
            _require_fit(functions[0], task, is_method=False)
        raise NoKernelError("no return statement in the answer: it is prose, or cut off")
    _require_fit(fitting[0], task, is_method=False)
    return fitting[0]


def _fits(node: Function, task: Task) -> bool:
    return fitted(node.args, reference_model(task.reference_source).forward.args, is_method=False) is not None


def _forward_of(reading: Reading, kind: str, node: ast.stmt | None) -> list[ast.stmt]:
    if kind == "body":
        return without_docstring(reading.tree.body)
    if kind == "file":
        node = _last_class(module_level(reading.tree.body), "ModelNew")
    own = _member(node, "forward") if isinstance(node, ast.ClassDef) else node
    return without_docstring(own.body) if isinstance(own, ast.FunctionDef) else []


def _is_ellipsis(node: ast.expr | None) -> bool:
    return isinstance(node, ast.Constant) and node.value is ...


def _member(node: ast.ClassDef, name: str) -> Function | None:
    members = [member for member in node.body if isinstance(member, Function) and member.name == name]
    return members[-1] if members else None


def _function_name(node: ast.stmt) -> str | None:
    if isinstance(node, Function):
        return node.name
    if isinstance(node, ast.Assign) and isinstance(node.value, ast.Lambda) and isinstance(node.targets[0], ast.Name):
        return node.targets[0].id
    if isinstance(node, ast.Expr) and isinstance(node.value, ast.Lambda):
        return "forward"
    return None


def _own_nodes(statements: Sequence[ast.AST]) -> list[ast.AST]:
    found: list[ast.AST] = []
    pending = list(statements)
    while pending:
        node = pending.pop()
        found.append(node)
        if not isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef | ast.Lambda):
            pending.extend(ast.iter_child_nodes(node))
    return found


def _words(name: str) -> set[str]:
    return {word.lower() for word in re.findall(r"[A-Z]?[a-z]+|[A-Z]+(?![a-z])", name)}


def _last_class(nodes: Iterable[ast.stmt], name: str) -> ast.ClassDef | None:
    classes = [node for node in nodes if isinstance(node, ast.ClassDef) and node.name == name]
    return classes[-1] if classes else None
