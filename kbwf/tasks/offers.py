"""What a piece of Python offers as the kernel: a body of `forward`, a function, a class, or a file with `ModelNew`."""

import ast
import re
from collections import Counter
from dataclasses import dataclass
from typing import Literal

from kbwf.records import Task
from kbwf.tasks.fitness import NoKernelError, fits, require_fit, require_forward, require_result
from kbwf.tasks.names import binds, bound, lacking, loaded, module_level
from kbwf.tasks.prompts import PromptStyle, dump, reference_model
from kbwf.tasks.python_text import Reading
from kbwf.tasks.statements import (
    Function,
    function_name,
    has_return,
    is_ellipsis,
    last_class,
    member_of,
    own_nodes,
    without_docstring,
)

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
        isinstance(each, ast.Expr | ast.Return) and is_ellipsis(each.value)
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


def _in_forward_body(reading: Reading, task: Task) -> tuple[Kind, ast.stmt | None, bool]:
    statements = without_docstring(reading.tree.body)
    if has_return(statements):
        require_result(statements)
        called = {
            node.func.id
            for node in own_nodes(statements)
            if isinstance(node, ast.Call) and isinstance(node.func, ast.Name)
        }
        if "ModelNew" in called:
            raise NoKernelError("no return statement in the answer's code but of a test of ModelNew")
        return "body", None, True
    if _binds_model_new(statements):
        node = last_class(statements, "ModelNew")
        require_forward(statements)
        own = member_of(node, "forward") if node is not None else None
        if own is None:
            return "file", None, True
        require_fit(own, task, is_method=True)
        return "class", node, True
    named = [node for node in statements if function_name(node) == "forward"]
    if named:
        require_fit(named[-1], task, is_method=False)
        return "function", named[-1], True
    node = _other_class(statements, task)
    if node is not None:
        own = member_of(node, "forward")
        assert own is not None
        require_fit(own, task, is_method=True)
        return "class", node, False
    return "function", _other_function(statements, task), False


def _in_file(reading: Reading, task: Task) -> tuple[Kind, ast.stmt | None, bool]:
    statements = reading.tree.body
    if _binds_model_new(statements):
        require_forward(statements)
        return "file", None, True
    node = _other_class(statements, task)
    if node is None:
        raise NoKernelError("the answer does not define ModelNew")
    return "file", node, False


def _binds_model_new(statements: list[ast.stmt]) -> bool:
    return any("ModelNew" in binds(node) for node in statements if not isinstance(node, ast.Import | ast.ImportFrom))


def _other_class(statements: list[ast.stmt], task: Task) -> ast.ClassDef | None:
    """The last class with a `forward` under another name, unless it is the reference or belongs to a test."""
    reference = dump(without_docstring(reference_model(task.reference_source).forward.body))
    used = loaded(statements)
    found = None
    for node in statements:
        own = member_of(node, "forward") if isinstance(node, ast.ClassDef) else None
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
    fitting = [node for node in roots if fits(node, task)]
    if len(fitting) != 1:
        if len(functions) == 1 and roots:
            require_fit(functions[0], task, is_method=False)
        raise NoKernelError("no return statement in the answer: it is prose, or cut off")
    require_fit(fitting[0], task, is_method=False)
    return fitting[0]


def _forward_of(reading: Reading, kind: str, node: ast.stmt | None) -> list[ast.stmt]:
    if kind == "body":
        return without_docstring(reading.tree.body)
    if kind == "file":
        node = last_class(module_level(reading.tree.body), "ModelNew")
    own = member_of(node, "forward") if isinstance(node, ast.ClassDef) else node
    return without_docstring(own.body) if isinstance(own, ast.FunctionDef) else []


def _words(name: str) -> set[str]:
    return {word.lower() for word in re.findall(r"[A-Z]?[a-z]+|[A-Z]+(?![a-z])", name)}
