"""Reading statements: what they return, and which functions and classes are among them."""

import ast
from collections.abc import Iterable, Sequence

Function = ast.FunctionDef | ast.AsyncFunctionDef


def has_return(statements: Sequence[ast.AST]) -> bool:
    """Whether one of the statements returns something, functions and classes inside them apart."""
    returned = [node.value for node in own_nodes(statements) if isinstance(node, ast.Return)]
    return any(not (value is None or (isinstance(value, ast.Constant) and value.value is None)) for value in returned)


def without_docstring(statements: list[ast.stmt]) -> list[ast.stmt]:
    """The statements after the docstring."""
    first = statements[0] if statements else None
    is_text = (
        isinstance(first, ast.Expr) and isinstance(first.value, ast.Constant) and isinstance(first.value.value, str)
    )
    return statements[1:] if is_text else statements


def is_ellipsis(node: ast.expr | None) -> bool:
    """Whether it is `...`, with which an answer leaves something out."""
    return isinstance(node, ast.Constant) and node.value is ...


def member_of(node: ast.ClassDef, name: str) -> Function | None:
    """The last method of that name."""
    members = [member for member in node.body if isinstance(member, Function) and member.name == name]
    return members[-1] if members else None


def function_name(node: ast.stmt) -> str | None:
    """Of a function, or of a lambda that is given a name; one that stands alone is meant as `forward`."""
    if isinstance(node, Function):
        return node.name
    if isinstance(node, ast.Assign) and isinstance(node.value, ast.Lambda) and isinstance(node.targets[0], ast.Name):
        return node.targets[0].id
    if isinstance(node, ast.Expr) and isinstance(node.value, ast.Lambda):
        return "forward"
    return None


def own_nodes(statements: Sequence[ast.AST]) -> list[ast.AST]:
    """All nodes but what is inside of functions and classes that the statements define."""
    found: list[ast.AST] = []
    pending = list(statements)
    while pending:
        node = pending.pop()
        found.append(node)
        if not isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef | ast.Lambda):
            pending.extend(ast.iter_child_nodes(node))
    return found


def last_class(nodes: Iterable[ast.stmt], name: str) -> ast.ClassDef | None:
    """Of several classes of a name the last one holds."""
    classes = [node for node in nodes if isinstance(node, ast.ClassDef) and node.name == name]
    return classes[-1] if classes else None
