"""Mistakes of choice: another function than the one meant, an argument or a step left out."""

import ast

from kbwf.mutants.rewriting import Rule, name_of, on_expressions, on_forward, statements_of, text_of

_OTHER_REDUCTION = {
    "sum": ("mean", "amax"),
    "mean": ("sum", "amax"),
    "logsumexp": ("amax", "sum"),
    "amax": ("amin", "mean"),
    "amin": ("amax",),
    "max": ("min",),
    "min": ("max",),
    "cumsum": ("cumprod",),
    "cumprod": ("cumsum",),
    "prod": ("sum",),
    "argmax": ("argmin",),
    "argmin": ("argmax",),
    "var": ("std",),
    "std": ("var",),
    "norm": ("sum",),
}
_OTHER_ACTIVATION = {
    "relu": ("tanh", "gelu"),
    "relu6": ("relu", "hardtanh"),
    "sigmoid": ("tanh",),
    "tanh": ("sigmoid",),
    "gelu": ("relu",),
    "silu": ("relu",),
    "hardswish": ("silu", "relu"),
    "hardsigmoid": ("sigmoid",),
    "mish": ("silu",),
    "elu": ("relu",),
    "selu": ("elu",),
    "leaky_relu": ("relu",),
    "softplus": ("relu",),
    "softsign": ("tanh",),
    "hardtanh": ("tanh",),
    "softmax": ("log_softmax", "sigmoid"),
    "log_softmax": ("softmax",),
    "exp": ("exp2", "expm1"),
    "log": ("log2", "log1p"),
    "cos": ("sin",),
    "sin": ("cos",),
    "sqrt": ("rsqrt", "abs"),
    "rsqrt": ("sqrt",),
    "abs": ("square",),
    "clamp": ("abs",),
}


def _reduction_wrong(node: ast.expr) -> list[str]:
    return _renamed(node, _OTHER_REDUCTION)


def _activation_wrong(node: ast.expr) -> list[str]:
    return _renamed(node, _OTHER_ACTIVATION)


def _renamed(node: ast.expr, others: dict[str, tuple[str, ...]]) -> list[str]:
    if not isinstance(node, ast.Call):
        return []
    function = ast.unparse(node.func)
    head, dot, _ = function.rpartition(".")
    rest = ast.unparse(node).removeprefix(function)
    return [f"{head}{dot}{other}{rest}" for other in others.get(name_of(node), ())]


def _call_dropped(node: ast.expr) -> list[str]:
    """f(x) becomes x, x.f() too; so does a submodule's call."""
    if not isinstance(node, ast.Call):
        return []
    if (
        isinstance(node.func, ast.Attribute)
        and not node.args
        and not isinstance(node.func.value, ast.Name | ast.Call | ast.BinOp)
    ):
        return []
    if node.args and not isinstance(node.args[0], ast.Starred | ast.Constant):
        return [ast.unparse(node.args[0])]
    if isinstance(node.func, ast.Attribute) and not ast.unparse(node.func).startswith(("torch.", "F.", "nn.", "self.")):
        return [ast.unparse(node.func.value)]
    return []


def _keyword_dropped(node: ast.expr) -> list[str]:
    if not isinstance(node, ast.Call):
        return []
    return [
        ast.unparse(ast.Call(node.func, node.args, [each for each in node.keywords if each is not dropped]))
        for dropped in node.keywords
        if dropped.arg
    ]


def _last_argument_dropped(node: ast.expr) -> list[str]:
    if not isinstance(node, ast.Call) or len(node.args) < 2:
        return []
    return [ast.unparse(ast.Call(node.func, node.args[:-1], node.keywords))]


def _bound_opened(node: ast.expr) -> list[str]:
    if name_of(node) not in ("clamp", "clip", "hardtanh") or not isinstance(node, ast.Call):
        return []
    texts = []
    for old in (*node.args, *(each.value for each in node.keywords)):
        if isinstance(old, ast.Constant | ast.UnaryOp):
            for bound in ("-1e30", "1e30"):
                arguments = [ast.parse(bound, mode="eval").body if each is old else each for each in node.args]
                keywords = [
                    ast.keyword(each.arg, ast.parse(bound, mode="eval").body if each.value is old else each.value)
                    for each in node.keywords
                ]
                texts.append(ast.unparse(ast.Call(node.func, arguments, keywords)))
    return texts


def _parameter_ignored(node: ast.expr) -> list[str]:
    if isinstance(node, ast.Attribute) and isinstance(node.value, ast.Name) and node.value.id == "self":
        return [f"torch.ones_like({ast.unparse(node)})", f"torch.zeros_like({ast.unparse(node)})"]
    return []


def _biased(node: ast.expr) -> list[str]:
    if name_of(node) in ("var", "std") and isinstance(node, ast.Call):
        return [ast.unparse(node).removesuffix(")") + f", correction={value})" for value in (0, 1)]
    return []


def _step_left_out(forward: ast.FunctionDef) -> list[str]:
    statements = statements_of(forward)
    return [text_of(statements[:index] + statements[index + 1 :]) for index in range(len(statements) - 1)]


def _steps_swapped(forward: ast.FunctionDef) -> list[str]:
    statements = statements_of(forward)
    return [
        text_of([*statements[:index], statements[index + 1], statements[index], *statements[index + 2 :]])
        for index in range(len(statements) - 2)
    ]


def _step_repeated(forward: ast.FunctionDef) -> list[str]:
    statements = statements_of(forward)
    return [text_of([*statements[: index + 1], *statements[index:]]) for index in range(len(statements) - 1)]


RULES: tuple[Rule, ...] = (
    on_expressions("reduction_wrong", "a mean for a sum, a maximum for a mean", _reduction_wrong),
    on_expressions("activation_wrong", "another function of the same kind", _activation_wrong),
    on_expressions("call_dropped", "a function or a layer left out", _call_dropped),
    on_expressions("keyword_dropped", "a named argument left out: bias, bounds, axis, reduction", _keyword_dropped),
    on_expressions(
        "last_argument_dropped", "the last argument left out: bias, stride, epsilon", _last_argument_dropped
    ),
    on_expressions("bound_opened", "a clamp without its lower or its upper bound", _bound_opened),
    on_expressions("parameter_ignored", "ones or zeros for a parameter", _parameter_ignored),
    on_expressions("variance_biased", "n for n - 1 in a variance, or the other way round", _biased),
    on_forward("step_left_out", "a statement left out", _step_left_out),
    on_forward("steps_swapped", "two statements in the other order", _steps_swapped),
    on_forward("step_repeated", "a statement done twice", _step_repeated),
)
