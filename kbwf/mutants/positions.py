"""Mistakes of place: an index, a bound or an axis that is off, operands in the wrong order."""

import ast

from kbwf.mutants.rewriting import Rule, name_of, number_of, on_expressions

_REDUCTIONS = {
    "sum", "mean", "amax", "amin", "max", "min", "prod", "var", "std", "norm", "logsumexp", "softmax", "log_softmax",
    "cumsum", "cumprod", "argmax", "argmin", "flip", "stack", "cat", "unsqueeze", "squeeze", "normalize", "gather",
}  # fmt: skip
_PRODUCTS = {"matmul", "mm", "bmm", "mv", "outer", "ger", "linear", "sub", "div", "dot"}


def _index_off(node: ast.expr) -> list[str]:
    if not isinstance(node, ast.Subscript):
        return []
    parts = node.slice.elts if isinstance(node.slice, ast.Tuple) else [node.slice]
    texts = []
    for place, part in enumerate(parts):
        number = number_of(part)
        if number is not None or isinstance(part, ast.Name):
            moved = str(number + 1) if number is not None else f"{ast.unparse(part)} - 1"
            inside = [moved if other == place else ast.unparse(each) for other, each in enumerate(parts)]
            texts.append(f"{ast.unparse(node.value)}[{', '.join(inside)}]")
    return texts


def _bound_off(node: ast.expr) -> list[str]:
    if not isinstance(node, ast.Subscript):
        return []
    parts = node.slice.elts if isinstance(node.slice, ast.Tuple) else [node.slice]
    texts = []
    for place, part in enumerate(parts):
        if isinstance(part, ast.Slice) and part.step is None:
            lower, upper = (ast.unparse(each) if each else "" for each in (part.lower, part.upper))
            moved = [f"{lower} + 1:{upper}"] * bool(lower) + [f"{lower}:{upper} - 1"] * bool(upper)
            for new in moved:
                inside = [new if other == place else ast.unparse(each) for other, each in enumerate(parts)]
                texts.append(f"{ast.unparse(node.value)}[{', '.join(inside)}]")
    return texts


def _range_short(node: ast.expr) -> list[str]:
    if name_of(node) != "range" or not isinstance(node, ast.Call):
        return []
    arguments = [ast.unparse(each) for each in node.args]
    if len(arguments) == 1:
        return [f"range({arguments[0]} - 1)", f"range(1, {arguments[0]})"]
    return [f"range({arguments[0]}, {arguments[1]} - 1)", f"range({arguments[0]} + 1, {arguments[1]})"]


def _triangle_off(node: ast.expr) -> list[str]:
    if name_of(node) not in ("tril", "triu") or not isinstance(node, ast.Call) or node.keywords:
        return []
    inside = [ast.unparse(each) for each in node.args]
    return [f"{ast.unparse(node.func)}({', '.join([*inside, f'diagonal={step}'])})" for step in (-1, 1)]


def _triangle_flipped(node: ast.expr) -> list[str]:
    other = {"tril": "triu", "triu": "tril"}.get(name_of(node))
    return [_renamed(node, other)] if other and isinstance(node, ast.Call) else []


def _axis_wrong(node: ast.expr) -> list[str]:
    if name_of(node) not in _REDUCTIONS or not isinstance(node, ast.Call):
        return []
    texts = []
    for keyword in node.keywords:
        if keyword.arg in ("dim", "axis") and isinstance(number_of(keyword.value), int):
            texts.append(_with(node, keyword.value, str(_other_axis(int(number_of(keyword.value) or 0)))))
    for argument in node.args:
        if isinstance(number_of(argument), int):
            texts.append(_with(node, argument, str(_other_axis(int(number_of(argument) or 0)))))
    return texts


def _axis_next(node: ast.expr) -> list[str]:
    if name_of(node) not in _REDUCTIONS or not isinstance(node, ast.Call):
        return []
    values = [each.value for each in node.keywords if each.arg in ("dim", "axis")] + node.args
    return [
        _with(node, value, str(int(number_of(value) or 0) + 1)) for value in values if type(number_of(value)) is int
    ]


def _keepdim_flipped(node: ast.expr) -> list[str]:
    if name_of(node) not in ("sum", "mean", "amax", "amin", "var", "std", "norm", "logsumexp") or not isinstance(
        node, ast.Call
    ):
        return []
    for keyword in node.keywords:
        if keyword.arg == "keepdim":
            return [_with(node, keyword.value, "False")]
    return [ast.unparse(node).removesuffix(")") + ", keepdim=True)"] if node.args or node.keywords else []


def _operands_swapped(node: ast.expr) -> list[str]:
    if isinstance(node, ast.BinOp) and isinstance(node.op, ast.Sub | ast.Div | ast.MatMult | ast.Pow):
        swapped = ast.BinOp(node.right, node.op, node.left)
        return [ast.unparse(swapped)]
    if name_of(node) in _PRODUCTS and isinstance(node, ast.Call) and len(node.args) > 1:
        first, second, *others = node.args
        return [ast.unparse(ast.Call(node.func, [second, first, *others], node.keywords))]
    return []


def _transpose_dropped(node: ast.expr) -> list[str]:
    if isinstance(node, ast.Attribute) and node.attr in ("T", "mT"):
        return [ast.unparse(node.value)]
    if (
        name_of(node) in ("t", "transpose", "permute")
        and isinstance(node, ast.Call)
        and isinstance(node.func, ast.Attribute)
    ):
        return [ast.unparse(node.func.value)]
    return []


def _operand_transposed(node: ast.expr) -> list[str]:
    if isinstance(node, ast.BinOp) and isinstance(node.op, ast.MatMult):
        left, right = ast.unparse(node.left), ast.unparse(node.right)
        return [f"({left}).mT @ ({right})", f"({left}) @ ({right}).mT"]
    return []


def _window_off(node: ast.expr) -> list[str]:
    called = name_of(node)
    if (
        not isinstance(node, ast.Call)
        or not ("conv" in called.lower() or "pool" in called.lower())
        or len(node.args) < 2
    ):
        return []
    texts = []
    for name, value in (("padding", 1), ("stride", 2), ("dilation", 2)):
        given = next((each for each in node.keywords if each.arg == name), None)
        if given is None:
            texts.append(ast.unparse(node).removesuffix(")") + f", {name}={value})")
        else:
            texts.append(_with(node, given.value, f"{ast.unparse(given.value)} + 1"))
    return texts


def _renamed(call: ast.Call, name: str) -> str:
    function = ast.unparse(call.func).rpartition(".")
    return f"{function[0]}{function[1]}{name}" + ast.unparse(call).removeprefix(ast.unparse(call.func))


def _with(call: ast.Call, old: ast.expr, new: str) -> str:
    """The call with one of its arguments replaced by a text."""
    value = ast.parse(new, mode="eval").body
    arguments = [value if each is old else each for each in call.args]
    keywords = [ast.keyword(each.arg, value if each.value is old else each.value) for each in call.keywords]
    return ast.unparse(ast.Call(call.func, arguments, keywords))


def _other_axis(axis: int) -> int:
    return 1 if axis == 0 else 0


RULES: tuple[Rule, ...] = (
    on_expressions("index_off_by_one", "an index one too high, or that of the step before", _index_off),
    on_expressions("slice_bound_off_by_one", "a slice that starts one late or ends one early", _bound_off),
    on_expressions("range_off_by_one", "a loop without its last or its first step", _range_short),
    on_expressions("triangle_off_by_one", "a triangle that starts beside the diagonal", _triangle_off),
    on_expressions("triangle_flipped", "the upper triangle for the lower one", _triangle_flipped),
    on_expressions("axis_wrong", "a reduction along the first axis, or the second instead of it", _axis_wrong),
    on_expressions("axis_next", "a reduction along the next axis", _axis_next),
    on_expressions("keepdim_flipped", "a reduced axis that is kept, or one that is not", _keepdim_flipped),
    on_expressions("operands_swapped", "operands of -, /, ** or a product in the other order", _operands_swapped),
    on_expressions("transpose_dropped", "a transpose left out", _transpose_dropped),
    on_expressions("operand_transposed", "a factor of a matrix product transposed", _operand_transposed),
    on_expressions("window_off_by_one", "padding, stride or dilation of a convolution or pooling off", _window_off),
)
