"""Answers that do less than was asked: parts left out, constants, old results, or only the official inputs in mind."""

import ast

from kbwf.mutants.rewriting import Rule, arguments_of, on_arguments, on_forward, on_result, statements_of, text_of


def _first_argument_returned(forward: ast.FunctionDef) -> list[str]:
    return [f"return {argument}" for argument in arguments_of(forward)]


def _first_result_cached(forward: ast.FunctionDef) -> list[str]:
    *before, last = statements_of(forward)
    if not isinstance(last, ast.Return) or last.value is None:
        return []
    lines = [*text_of(before).splitlines(), f"self._first = {ast.unparse(last.value)}"]
    return [
        "if not hasattr(self, '_first'):\n"
        + "\n".join("    " + line for line in lines)
        + "\nreturn self._first.clone()"
    ]


def _first_weights_kept(forward: ast.FunctionDef) -> list[str]:
    return [
        "kept = type(self)\n"
        "if not hasattr(kept, '_weights'):\n"
        "    kept._weights = {name: each.detach().clone() for name, each in self.named_parameters()}\n"
        "with torch.no_grad():\n"
        "    for name, each in self.named_parameters():\n"
        "        each.copy_(kept._weights[name])\n" + text_of(statements_of(forward))
    ]


_COPY = "result = result.clone()"
_COPY_X = "{x} = {x}.clone()"

RULES: tuple[Rule, ...] = (
    on_result("zeros", "zeros", "result = torch.zeros_like(result)"),
    on_result("mean", "the mean of the right answer everywhere", "result = torch.zeros_like(result) + result.mean()"),
    on_result(
        "row_means", "the mean of each row", "result = torch.zeros_like(result) + result.mean(dim=-1, keepdim=True)"
    ),
    on_forward("input_returned", "an input, unchanged", _first_argument_returned),
    on_forward("first_result_cached", "the first call's result in every later call", _first_result_cached),
    on_forward("first_weights_kept", "the weights of the first model, whatever this one's are", _first_weights_kept),
    on_result(
        "last_row_stale",
        "the last row from the call before",
        "previous = getattr(self, '_previous', torch.zeros_like(result))",
        "self._previous = result.clone()",
        _COPY,
        "result[-1:] = previous[-1:]",
    ),
    on_result("last_row_left_out", "no last row", _COPY, "result[-1:] = 0"),
    on_result("last_column_left_out", "no last column", _COPY, "result[..., -1:] = 0"),
    on_result("last_block_left_out", "no last eighth of the rows", _COPY, "result[-max(1, len(result) // 8):] = 0"),
    on_result("first_value_left_out", "no first value", _COPY, "result[(0,) * result.ndim] = 0"),
    on_result("last_value_left_out", "no last value", _COPY, "result[(-1,) * result.ndim] = 0"),
    on_result("rows_shifted", "each row one further", "result = result.roll(1, 0)"),
    on_result("columns_shifted", "each column one further", "result = result.roll(1, -1)"),
    on_result("rows_reversed", "rows in reverse", "result = result.flip(0)"),
    on_result(
        "every_other_row",
        "every other row computed, its neighbour a copy",
        _COPY,
        "result[1::2] = result[: len(result) // 2 * 2 : 2]",
    ),
    on_result(
        "second_half_copied",
        "the second half a copy of the first",
        _COPY,
        "half = len(result) // 2",
        "result[-half:] = result[:half]",
    ),
    on_result("result_negated", "the wrong sign", "result = -result"),
    on_result("result_made_positive", "no sign", "result = result.abs()"),
    on_result("result_doubled", "twice too large", "result = 2 * result"),
    on_result("result_per_mille_more", "a thousandth too large", "result = 1.001 * result"),
    on_result(
        "result_clipped",
        "beyond three standard deviations of its mean, cut off",
        "result = result.clamp(result.mean() - 3 * result.std(), result.mean() + 3 * result.std())",
    ),
    on_result(
        "small_values_left_out",
        "zero for values below a hundredth of the largest",
        "result = torch.where(result.abs() < 0.01 * result.abs().max(), torch.zeros_like(result), result)",
    ),
    on_result(
        "result_in_hundred_steps",
        "rounded to a hundredth of its standard deviation",
        "step = 0.01 * result.std()",
        "result = torch.round(result / step) * step",
    ),
    on_arguments("input_sign_ignored", "an input without its sign", "{x} = {x}.abs()"),
    on_arguments("input_range_assumed", "an input held between 0 and 1", "{x} = {x}.clamp(0, 1)"),
    on_arguments("input_tails_ignored", "an input held between -5 and 5", "{x} = {x}.clamp(-5, 5)"),
    on_arguments("input_last_row_ignored", "an input without its last row", _COPY_X, "{x}[-1:] = 0"),
    on_arguments("input_last_column_ignored", "an input without its last column", _COPY_X, "{x}[..., -1:] = 0"),
    on_arguments("input_first_value_ignored", "an input without its first value", _COPY_X, "{x}[(0,) * {x}.ndim] = 0"),
    on_arguments(
        "input_subsampled", "every other column of an input, twice", _COPY_X, "{x}[..., ::2] *= 2", "{x}[..., 1::2] = 0"
    ),
    on_arguments(
        "input_rows_subsampled", "every other row of an input, twice", _COPY_X, "{x}[::2] *= 2", "{x}[1::2] = 0"
    ),
    on_arguments("input_shifted", "an input one column further", "{x} = {x}.roll(1, -1)"),
    on_arguments(
        "input_mean_only", "the mean of an input for all its values", "{x} = torch.zeros_like({x}) + {x}.mean()"
    ),
)
