"""How a rule changes a kernel's syntax tree: one place at a time, written as text."""

import ast
import copy
from collections.abc import Callable, Iterator
from dataclasses import dataclass

CLASS_NAME = "ModelNew"


@dataclass(frozen=True)
class Rule:
    """One kind of mistake."""

    name: str
    description: str
    apply: Callable[[ast.Module], list[ast.Module]]
    """From a file that defines `ModelNew` to the files with this mistake, one place each."""


def on_expressions(name: str, description: str, rewrite: Callable[[ast.expr], list[str]]) -> Rule:
    """A rule that replaces one expression of `ModelNew` by each of the texts that `rewrite` gives for it."""

    def apply(tree: ast.Module) -> list[ast.Module]:
        mutants = []
        for number, expression in enumerate(_expressions(tree)):
            for text in rewrite(expression):
                mutant = copy.deepcopy(tree)
                _replace(mutant, _expressions(mutant)[number], ast.parse(text, mode="eval").body)
                mutants.append(mutant)
        return mutants

    return Rule(name, description, apply)


def on_forward(name: str, description: str, rewrite: Callable[[ast.FunctionDef], list[str]]) -> Rule:
    """A rule that replaces the body of `ModelNew.forward` by each of the texts that `rewrite` gives for it."""

    def apply(tree: ast.Module) -> list[ast.Module]:
        mutants = []
        for text in rewrite(forward_of(tree)):
            mutant = copy.deepcopy(tree)
            forward_of(mutant).body = ast.parse(text).body
            mutants.append(mutant)
        return mutants

    return Rule(name, description, apply)


def on_result(name: str, description: str, *lines: str) -> Rule:
    """A rule that goes on with `result`, what `forward` would return: the lines change it in place or replace it."""

    def rewrite(forward: ast.FunctionDef) -> list[str]:
        *before, last = statements_of(forward)
        if not isinstance(last, ast.Return) or last.value is None:
            return []
        return [text_of(before) + f"result = {ast.unparse(last.value)}\n" + "\n".join(lines) + "\nreturn result"]

    return on_forward(name, description, rewrite)


def on_arguments(name: str, description: str, *lines: str) -> Rule:
    """A rule whose lines, with `{x}` for an argument of `forward`, come before its body; one argument at a time."""

    def rewrite(forward: ast.FunctionDef) -> list[str]:
        body = text_of(statements_of(forward))
        return ["\n".join(lines).replace("{x}", argument) + "\n" + body for argument in arguments_of(forward)]

    return on_forward(name, description, rewrite)


def forward_of(tree: ast.Module) -> ast.FunctionDef:
    """`forward` of the last class `ModelNew`.

    Raises:
        ValueError: there is none.
    """
    for node in reversed(tree.body):
        if isinstance(node, ast.ClassDef) and node.name == CLASS_NAME:
            for member in node.body:
                if isinstance(member, ast.FunctionDef) and member.name == "forward":
                    return member
    raise ValueError(f"the source defines no {CLASS_NAME}.forward")


def arguments_of(forward: ast.FunctionDef) -> list[str]:
    """The names of its arguments but for `self`."""
    return [argument.arg for argument in forward.args.args[1:]]


def statements_of(forward: ast.FunctionDef) -> list[ast.stmt]:
    """Its body without a docstring."""
    return forward.body[1:] if ast.get_docstring(forward, clean=False) is not None else forward.body


def text_of(statements: list[ast.stmt]) -> str:
    """Each statement on lines of its own."""
    return "".join(ast.unparse(statement) + "\n" for statement in statements)


def name_of(node: ast.AST) -> str:
    """What a call calls, without what precedes the last dot; empty if it is no call of a name."""
    if isinstance(node, ast.Call):
        if isinstance(node.func, ast.Attribute):
            return node.func.attr
        if isinstance(node.func, ast.Name):
            return node.func.id
    return ""


def number_of(node: ast.AST | None) -> float | int | None:
    """The value of a number written out, with its sign; booleans are none."""
    if isinstance(node, ast.UnaryOp) and isinstance(node.op, ast.USub):
        value = number_of(node.operand)
        return None if value is None else -value
    if isinstance(node, ast.Constant) and isinstance(node.value, int | float) and not isinstance(node.value, bool):
        return node.value
    return None


def _expressions(tree: ast.Module) -> list[ast.expr]:
    """Expressions of `ModelNew`'s methods that are evaluated when it runs, in the order of the text."""
    kernel = next(node for node in reversed(tree.body) if isinstance(node, ast.ClassDef) and node.name == CLASS_NAME)
    found: list[ast.expr] = []
    for method in kernel.body:
        if isinstance(method, ast.FunctionDef):
            for statement in statements_of(method):
                found += _below(statement)
    return found


def _below(node: ast.AST) -> Iterator[ast.expr]:
    if name_of(node) == "__init__" or isinstance(node, ast.JoinedStr):
        return
    if isinstance(node, ast.expr) and isinstance(getattr(node, "ctx", ast.Load()), ast.Load):
        yield node
    for field, child in ast.iter_fields(node):
        if field != "annotation":
            for each in child if isinstance(child, list) else [child]:
                if isinstance(each, ast.AST):
                    yield from _below(each)


def _replace(tree: ast.AST, old: ast.expr, new: ast.expr) -> None:
    for parent in ast.walk(tree):
        for field, child in ast.iter_fields(parent):
            if child is old:
                setattr(parent, field, new)
            elif isinstance(child, list):
                for index, each in enumerate(child):
                    if each is old:
                        child[index] = new
