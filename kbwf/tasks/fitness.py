"""Whether a function or a class can be a kernel at all: a `forward` that does something, with the right arguments."""

import ast
from collections.abc import Sequence

from kbwf.records import Task
from kbwf.tasks.names import attributes_of, binds, module_level
from kbwf.tasks.prompts import reference_model
from kbwf.tasks.signatures import fitted
from kbwf.tasks.statements import Function, has_return, is_ellipsis, last_class, member_of, own_nodes

_PLAIN_BASES = {"nn.Module", "torch.nn.Module", "Module", "Model", "object"}


class NoKernelError(Exception):
    """The text is no kernel; the message is the reason."""


def is_plain(node: ast.ClassDef) -> bool:
    """Whether a class adds to `nn.Module` or to the reference, and to nothing of its own."""
    return not node.keywords and all(ast.unparse(base) in _PLAIN_BASES for base in node.bases)


def require_forward(statements: list[ast.stmt]) -> None:
    """The last class `ModelNew` has a `forward` that does something, its own or that of another class.

    Raises:
        NoKernelError: it has none.
    """
    model_new = last_class(module_level(statements), "ModelNew")
    if model_new is None:
        return
    own = member_of(model_new, "forward")
    if own is not None:
        require_result([own] if isinstance(own, ast.AsyncFunctionDef) else own.body)
        return
    is_assigned = any({"forward", "__call__"} & binds(member) for member in model_new.body)
    is_assigned |= "forward" in attributes_of("ModelNew", statements, ast.Store)
    bases = {ast.unparse(base) for base in model_new.bases}
    if not is_assigned and bases <= _PLAIN_BASES - {"Model"}:
        raise NoKernelError("ModelNew has no forward: the answer is an outline, or cut off")


def require_fit(node: ast.stmt, task: Task, is_method: bool) -> None:
    """A function or lambda returns something, and takes what the reference's `forward` does.

    Raises:
        NoKernelError: it does not.
    """
    if isinstance(node, ast.Assign | ast.Expr):
        assert isinstance(node.value, ast.Lambda)
        arguments, decorators = node.value.args, []
    else:
        assert isinstance(node, Function)
        require_result([node] if isinstance(node, ast.AsyncFunctionDef) else node.body)
        if not has_return(node.body):
            raise NoKernelError("no return statement in the answer: it is prose, or cut off")
        arguments, decorators = node.args, [ast.unparse(each) for each in node.decorator_list]
    is_method = is_method and "staticmethod" not in decorators
    reference = reference_model(task.reference_source).forward.args
    if fitted(arguments, reference, is_method) is None:
        raise NoKernelError(
            f"wrong signature: forward takes ({ast.unparse(reference)}), the answer's ({ast.unparse(arguments)})"
        )


def fits(node: Function, task: Task) -> bool:
    """Whether a function takes what the reference's `forward` does, `self` apart."""
    return fitted(node.args, reference_model(task.reference_source).forward.args, is_method=False) is not None


def require_result(statements: Sequence[ast.stmt]) -> None:
    """`forward` is neither a coroutine, nor a generator, nor a stub.

    Raises:
        NoKernelError: it is.
    """
    own = list(own_nodes(statements))
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
        or (isinstance(node, ast.Return) and is_ellipsis(node.value))
        or isinstance(node, ast.Pass)
        or (isinstance(node, ast.Raise) and "NotImplemented" in ast.unparse(node))
    )
