"""Which names Python source uses, binds and lacks. Nothing is executed; a name that is bound anywhere in the source
counts as bound, so that what is called lacking is lacking indeed."""

import ast
import builtins
from collections.abc import Iterable, Iterator, Sequence

KNOWN_MODULES = frozenset({"torch", "nn", "F", "math", "np", "numpy", "triton", "tl", "functools", "os", "sys", "time"})
"""Names under which everybody imports the same module: an answer that forgot the import is still an answer."""
_SCOPES = (ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef, ast.Lambda)


def loaded(nodes: Iterable[ast.AST]) -> set[str]:
    """Names that are read anywhere in the nodes."""
    return {
        node.id
        for top in nodes
        for node in ast.walk(top)
        if isinstance(node, ast.Name) and isinstance(node.ctx, ast.Load)
    }


def bound(nodes: Iterable[ast.AST]) -> set[str]:
    """Names that are bound anywhere in the nodes: assigned, defined, imported, or arguments."""
    names: set[str] = set()
    for node in (node for top in nodes for node in ast.walk(top)):
        if isinstance(node, ast.Name) and not isinstance(node.ctx, ast.Load):
            names.add(node.id)
        elif isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef):
            names.add(node.name)
        elif isinstance(node, ast.arg):
            names.add(node.arg)
        elif isinstance(node, ast.alias):
            names.add((node.asname or node.name).partition(".")[0])
        elif isinstance(node, ast.ExceptHandler | ast.MatchAs | ast.MatchStar) and node.name:
            names.add(node.name)
        elif isinstance(node, ast.MatchMapping) and node.rest:
            names.add(node.rest)
    return names


def lacking(nodes: Sequence[ast.AST], known: Iterable[str] = ()) -> set[str]:
    """Names that are read and neither bound, nor built in, nor known."""
    return loaded(nodes) - bound(nodes) - set(dir(builtins)) - set(known) - {"__file__", "__name__", "__class__"}


def module_level(statements: Iterable[ast.stmt]) -> Iterator[ast.stmt]:
    """The statements and those in their `if`, `try`, `with`, loop and `match` blocks, in order."""
    pending = list(statements)[::-1]
    while pending:
        statement = pending.pop()
        yield statement
        if not isinstance(statement, _SCOPES):
            inner: list[ast.stmt] = []
            for child in ast.iter_child_nodes(statement):
                if isinstance(child, ast.stmt):
                    inner.append(child)
                elif isinstance(child, ast.ExceptHandler | ast.match_case):
                    inner.extend(child.body)
            pending.extend(inner[::-1])


def binds(statement: ast.stmt) -> set[str]:
    """Names that a statement itself binds where it stands, what is inside of functions and classes apart."""
    names: set[str] = set()
    for each in module_level([statement]):
        if isinstance(each, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef):
            names.add(each.name)
            continue
        own = [child for child in ast.iter_child_nodes(each) if not isinstance(child, ast.stmt)]
        names |= {
            node.id
            for child in own
            for node in ast.walk(child)
            if isinstance(node, ast.Name) and isinstance(node.ctx, ast.Store)
        }
        if isinstance(each, ast.Import | ast.ImportFrom):
            names |= bound([each])
    return names


def attributes_of(owner: str, nodes: Iterable[ast.AST], kind: type[ast.expr_context]) -> set[str]:
    """Attributes of a name that are read (`ast.Load`) or set (`ast.Store`) in the nodes, as in `self.weight`."""
    return {
        node.attr
        for top in nodes
        for node in ast.walk(top)
        if isinstance(node, ast.Attribute)
        and isinstance(node.value, ast.Name)
        and node.value.id == owner
        and isinstance(node.ctx, kind)
    }
