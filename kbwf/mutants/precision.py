"""Shorter numbers passed off as the ones asked for, and sums that keep too few digits.

`tf32` has 11 significant bits and float32's range; what a GPU's tensor cores make of float32 is written out in bits.
"""

import ast
from collections.abc import Callable

from kbwf.mutants.rewriting import (
    Rule,
    arguments_of,
    name_of,
    on_arguments,
    on_expressions,
    on_forward,
    on_result,
    statements_of,
    text_of,
)

_FORMATS = ("tf32", "half", "bfloat16")
_PRODUCTS = {"matmul", "mm", "bmm", "mv", "linear", "conv1d", "conv2d", "conv3d", "outer", "addmm"}
_SUMS = {"sum", "mean", "cumsum", "logsumexp", "softmax", "log_softmax", "var", "layer_norm", "cross_entropy", "norm"}
_PREFIXES = ("torch.", "F.", "nn.functional.")


def rounded(text: str, number_format: str) -> str:
    """An expression for the values of another one after a round trip through the format."""
    if number_format == "tf32":
        return f"((({text}).float().view(torch.int32) + 4096 & -8192).view(torch.float32)).to(({text}).dtype)"
    return f"({text}).{number_format}().to(({text}).dtype)"


def _product_in(number_format: str) -> Callable[[ast.expr], list[str]]:
    def rewrite(node: ast.expr) -> list[str]:
        if isinstance(node, ast.BinOp) and isinstance(node.op, ast.MatMult):
            return [" @ ".join(rounded(ast.unparse(each), number_format) for each in (node.left, node.right))]
        if isinstance(node, ast.Call) and (name_of(node) in _PRODUCTS or ast.unparse(node.func).startswith("self.")):
            return [_call_with(node, lambda text: rounded(text, number_format))]
        return []

    return rewrite


def _sum_in(number_format: str) -> Callable[[ast.expr], list[str]]:
    """The values themselves are shortened, and so is what they add up to."""

    def rewrite(node: ast.expr) -> list[str]:
        if isinstance(node, ast.BinOp) and isinstance(node.op, ast.MatMult):
            left, right = (f"({ast.unparse(each)}).{number_format}()" for each in (node.left, node.right))
            return [f"({left} @ {right}).to(({ast.unparse(node.left)}).dtype)"]
        if isinstance(node, ast.Call) and name_of(node) in _SUMS and isinstance(node.func, ast.Attribute):
            is_function = ast.unparse(node.func).startswith(_PREFIXES)
            subject = ast.unparse(node.args[0] if is_function and node.args else node.func.value)
            return [
                f"{_call_with(node, lambda text: f'({text}).{number_format}()', first_only=True)}.to(({subject}).dtype)"
            ]
        return []

    return rewrite


def _intermediate_in(number_format: str) -> Callable[[ast.FunctionDef], list[str]]:
    def rewrite(forward: ast.FunctionDef) -> list[str]:
        statements = statements_of(forward)
        texts = []
        for index, statement in enumerate(statements):
            if isinstance(statement, ast.Assign) and isinstance(statement.targets[0], ast.Name):
                name = statement.targets[0].id
                shortened = f"{name} = {rounded(name, number_format)}\n"
                texts.append(text_of(statements[: index + 1]) + shortened + text_of(statements[index + 1 :]))
        return texts

    return rewrite


def _everything_in(number_format: str) -> Callable[[ast.FunctionDef], list[str]]:
    """All arguments at once, as a kernel would that casts what it is given."""

    def rewrite(forward: ast.FunctionDef) -> list[str]:
        lines = [
            f"{name} = {rounded(name, number_format)} if {name}.is_floating_point() else {name}\n"
            for name in arguments_of(forward)
        ]
        return ["".join(lines) + text_of(statements_of(forward))]

    return rewrite


def _call_with(call: ast.Call, change: Callable[[str], str], *, first_only: bool = False) -> str:
    """A call with its tensors changed: the object that a method belongs to, or the arguments."""
    function, arguments = ast.unparse(call.func), list(call.args)
    texts = [ast.unparse(each) for each in arguments]
    if isinstance(call.func, ast.Attribute) and not function.startswith((*_PREFIXES, "self.")):
        function = f"({change(ast.unparse(call.func.value))}).{call.func.attr}"
        first = 0
    else:
        first = 1
        texts[:1] = [change(text) for text in texts[:1]]
    if not first_only:
        texts[first:] = [
            change(text) if isinstance(each, ast.Name | ast.Attribute | ast.Call | ast.BinOp | ast.Subscript) else text
            for each, text in zip(arguments[first:], texts[first:], strict=True)
        ]
    keywords = [ast.unparse(each) for each in call.keywords]
    return f"{function}({', '.join([*texts, *keywords])})"


RULES: tuple[Rule, ...] = (
    *(
        on_expressions(f"product_in_{each}", f"factors of a product rounded to {each}", _product_in(each))
        for each in _FORMATS
    ),
    *(on_expressions(f"sum_in_{each}", f"a sum or product formed in {each}", _sum_in(each)) for each in _FORMATS[1:]),
    *(
        on_forward(f"intermediate_in_{each}", f"a value between two steps kept in {each}", _intermediate_in(each))
        for each in _FORMATS[1:]
    ),
    *(on_forward(f"inputs_in_{each}", f"all inputs rounded to {each}", _everything_in(each)) for each in _FORMATS),
    *(
        on_arguments(f"input_in_{each}", f"one input rounded to {each}", f"{{x}} = {rounded('{x}', each)}")
        for each in _FORMATS
    ),
    *(
        on_result(f"result_in_{each}", f"the result rounded to {each}", f"result = {rounded('result', each)}")
        for each in _FORMATS
    ),
)
