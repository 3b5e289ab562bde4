"""Mistakes of calculation: a wrong operator, a term or a factor left out, a constant that is off."""

import ast

from kbwf.mutants.rewriting import Rule, name_of, number_of, on_expressions

_EPSILON = 1e-3
"""Positive constants below this are there to keep a division or a root apart from zero."""
_OTHER_OPERATOR: dict[type[ast.operator], type[ast.operator]] = {
    ast.Add: ast.Sub, ast.Sub: ast.Add, ast.Mult: ast.Div, ast.Div: ast.Mult, ast.MatMult: ast.Mult,
}  # fmt: skip
_OTHER_COMPARISON: dict[type[ast.cmpop], type[ast.cmpop]] = {
    ast.Lt: ast.LtE, ast.LtE: ast.Lt, ast.Gt: ast.GtE, ast.GtE: ast.Gt, ast.Eq: ast.NotEq, ast.NotEq: ast.Eq,
}  # fmt: skip


def _operator_wrong(node: ast.expr) -> list[str]:
    if isinstance(node, ast.BinOp) and type(node.op) in _OTHER_OPERATOR:
        return [ast.unparse(ast.BinOp(node.left, _OTHER_OPERATOR[type(node.op)](), node.right))]
    return []


def _term_dropped(node: ast.expr) -> list[str]:
    if isinstance(node, ast.BinOp) and isinstance(node.op, ast.Add | ast.Sub):
        return [ast.unparse(node.left), ast.unparse(node.right)]
    return []


def _factor_dropped(node: ast.expr) -> list[str]:
    if isinstance(node, ast.BinOp) and isinstance(node.op, ast.Mult | ast.Div | ast.MatMult):
        return [ast.unparse(node.left), ast.unparse(node.right)]
    return []


def _exponent_wrong(node: ast.expr) -> list[str]:
    if isinstance(node, ast.BinOp) and isinstance(node.op, ast.Pow):
        return [f"({ast.unparse(node.left)}) ** ({ast.unparse(node.right)} + 1)", ast.unparse(node.left)]
    if name_of(node) == "pow" and isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute):
        return [ast.unparse(node.func.value)]
    return []


def _sign_dropped(node: ast.expr) -> list[str]:
    if isinstance(node, ast.UnaryOp) and isinstance(node.op, ast.USub) and number_of(node) is None:
        return [ast.unparse(node.operand)]
    return []


def _comparison_off(node: ast.expr) -> list[str]:
    if isinstance(node, ast.Compare) and len(node.ops) == 1 and type(node.ops[0]) in _OTHER_COMPARISON:
        return [ast.unparse(ast.Compare(node.left, [_OTHER_COMPARISON[type(node.ops[0])]()], node.comparators))]
    return []


def _branches_swapped(node: ast.expr) -> list[str]:
    if name_of(node) == "where" and isinstance(node, ast.Call) and len(node.args) == 3:
        condition, first, second = node.args
        return [ast.unparse(ast.Call(node.func, [condition, second, first], node.keywords))]
    if isinstance(node, ast.IfExp):
        return [ast.unparse(ast.IfExp(node.test, node.orelse, node.body))]
    return []


def _real(node: ast.expr) -> float | None:
    """The value of a number with a point; whole numbers are mostly axes and sizes."""
    number = number_of(node) if isinstance(node, ast.Constant) else None
    return number if isinstance(number, float) else None


def _constant_doubled(node: ast.expr) -> list[str]:
    number = _real(node)
    return [repr(2 * number)] if number and number >= _EPSILON else []


def _constant_a_tenth_more(node: ast.expr) -> list[str]:
    number = _real(node)
    return [repr(1.1 * number)] if number and number >= _EPSILON else []


def _constant_negated(node: ast.expr) -> list[str]:
    number = _real(node)
    return [repr(-number)] if number and number >= _EPSILON else []


def _whole_number_off(node: ast.expr) -> list[str]:
    number = number_of(node) if isinstance(node, ast.Constant) else None
    return [str(number + 1)] if isinstance(number, int) else []


def _epsilon_dropped(node: ast.expr) -> list[str]:
    number = _real(node)
    return ["0.0"] if number and number < _EPSILON else []


def _epsilon_wrong(node: ast.expr) -> list[str]:
    number = _real(node)
    return [f"{100 * number:g}", f"{number / 100:g}"] if number and number < _EPSILON else []


def _epsilon_outside(node: ast.expr) -> list[str]:
    if name_of(node) not in ("sqrt", "rsqrt") or not isinstance(node, ast.Call) or len(node.args) != 1:
        return []
    argument = node.args[0]
    if not isinstance(argument, ast.BinOp) or not isinstance(argument.op, ast.Add):
        return []
    root, epsilon = f"({ast.unparse(argument.left)}) ** 0.5", ast.unparse(argument.right)
    outside = f"({root} + {epsilon})"
    return [outside if name_of(node) == "sqrt" else f"1 / {outside}"]


RULES: tuple[Rule, ...] = (
    on_expressions("operator_wrong", "+ for -, * for /, an elementwise product for a matrix product", _operator_wrong),
    on_expressions("term_dropped", "a term of a sum left out, such as a bias", _term_dropped),
    on_expressions("factor_dropped", "a factor or a divisor left out, such as a scale", _factor_dropped),
    on_expressions("exponent_wrong", "an exponent one too high, or left out", _exponent_wrong),
    on_expressions("sign_dropped", "a minus left out", _sign_dropped),
    on_expressions("comparison_off", "< for <=, == for !=", _comparison_off),
    on_expressions("branches_swapped", "the two outcomes of a condition exchanged", _branches_swapped),
    on_expressions("constant_doubled", "a slope, bound or scale twice as large", _constant_doubled),
    on_expressions("constant_a_tenth_more", "a slope, bound or scale ten per cent too large", _constant_a_tenth_more),
    on_expressions("constant_negated", "a constant of the wrong sign", _constant_negated),
    on_expressions("whole_number_off_by_one", "a whole number one too high: axis, size, count", _whole_number_off),
    on_expressions("epsilon_dropped", "nothing that keeps a root or a divisor from zero", _epsilon_dropped),
    on_expressions("epsilon_wrong", "an epsilon a hundred times too large or too small", _epsilon_wrong),
    on_expressions("epsilon_outside_root", "sqrt(v) + e for sqrt(v + e)", _epsilon_outside),
)
