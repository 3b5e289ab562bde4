"""Mutants: what each rule makes of a kernel, read as text. Nothing is executed."""

import ast

import pytest

from kbwf.mutants import RULES, Mutant, mutants_of
from kbwf.oracle.programs import bundled_programs
from kbwf.settings import TaskSettings
from kbwf.tasks.extraction import extract_kernel
from kbwf.tasks.sources import load_task
from kbwf.tasks.suite import load_suite


def kernel_of(body: str, arguments: str = "x, y") -> str:
    """A kernel with this body of `forward`."""
    lines = "".join(f"        {line}\n" for line in body.splitlines())
    return f"class ModelNew(nn.Module):\n    def forward(self, {arguments}):\n{lines}"


def bodies(rule: str, body: str, arguments: str = "x, y") -> list[str]:
    """The bodies of `forward` that a rule makes of one."""
    sources = [mutant.source for mutant in mutants_of(kernel_of(body, arguments)) if mutant.rule == rule]
    texts = [source.partition(f"def forward(self, {arguments}):\n")[2] for source in sources]
    return ["\n".join(line.removeprefix(" " * 8) for line in text.splitlines()) for text in texts]


@pytest.mark.parametrize(
    ("rule", "body", "expected"),
    [
        ("index_off_by_one", "return x[0, i]", ["return x[1, i]", "return x[0, i - 1]"]),
        ("slice_bound_off_by_one", "return x[1:n]", ["return x[1 + 1:n]", "return x[1:n - 1]"]),
        ("range_off_by_one", "return range(n)", ["return range(n - 1)", "return range(1, n)"]),
        ("triangle_off_by_one", "return torch.tril(x)",
         ["return torch.tril(x, diagonal=-1)", "return torch.tril(x, diagonal=1)"]),
        ("triangle_flipped", "return x.triu(1)", ["return x.tril(1)"]),
        ("axis_wrong", "return x.sum(dim=-1)", ["return x.sum(dim=0)"]),
        ("axis_next", "return x.sum(1)", ["return x.sum(2)"]),
        ("keepdim_flipped", "return x.mean(1)", ["return x.mean(1, keepdim=True)"]),
        ("keepdim_flipped", "return x.mean(1, keepdim=True)", ["return x.mean(1, keepdim=False)"]),
        ("operands_swapped", "return x - y @ x", ["return y @ x - x", "return x - x @ y"]),
        ("operands_swapped", "return torch.mm(x, y)", ["return torch.mm(y, x)"]),
        ("transpose_dropped", "return x.T + y.t()", ["return x + y.t()", "return x.T + y"]),
        ("operand_transposed", "return x @ y", ["return x.mT @ y", "return x @ y.mT"]),
        ("window_off_by_one", "return F.conv2d(x, y, stride=2)",
         ["return F.conv2d(x, y, stride=2, padding=1)", "return F.conv2d(x, y, stride=2 + 1)",
          "return F.conv2d(x, y, stride=2, dilation=2)"]),
        ("operator_wrong", "return x + y / x", ["return x - y / x", "return x + y * x"]),
        ("operator_wrong", "return x @ y", ["return x * y"]),
        ("term_dropped", "return x @ y + self.bias", ["return x @ y", "return self.bias"]),
        ("factor_dropped", "return x * y", ["return x", "return y"]),
        ("exponent_wrong", "return x ** 2", ["return x ** (2 + 1)", "return x"]),
        ("sign_dropped", "return -x - 1", ["return x - 1"]),
        ("comparison_off", "return x < y", ["return x <= y"]),
        ("branches_swapped", "return torch.where(x > 0, x, y)", ["return torch.where(x > 0, y, x)"]),
        ("constant_doubled", "return 0.5 * x", ["return 1.0 * x"]),
        ("constant_a_tenth_more", "return 10.0 * x", ["return 11.0 * x"]),
        ("constant_negated", "return 0.5 * x", ["return -0.5 * x"]),
        ("whole_number_off_by_one", "return x * 2", ["return x * 3"]),
        ("epsilon_dropped", "return x + 1e-05", ["return x + 0.0"]),
        ("epsilon_wrong", "return x + 1e-05", ["return x + 0.001", "return x + 1e-07"]),
        ("epsilon_outside_root", "return torch.sqrt(x + 1e-05)", ["return x ** 0.5 + 1e-05"]),
        ("epsilon_outside_root", "return torch.rsqrt(x + 1e-05)", ["return 1 / (x ** 0.5 + 1e-05)"]),
        ("reduction_wrong", "return x.mean(1)", ["return x.sum(1)", "return x.amax(1)"]),
        ("activation_wrong", "return F.hardswish(x)", ["return F.silu(x)", "return F.relu(x)"]),
        ("call_dropped", "return F.relu(x)", ["return x"]),
        ("call_dropped", "return self.fc(x + y)", ["return x + y"]),
        ("keyword_dropped", "return F.linear(x, y, bias=None)", ["return F.linear(x, y)"]),
        ("last_argument_dropped", "return F.linear(x, y, self.b)", ["return F.linear(x, y)"]),
        ("bound_opened", "return x.clamp(min=0)", ["return x.clamp(min=-1e+30)", "return x.clamp(min=1e+30)"]),
        ("parameter_ignored", "return x * self.gain",
         ["return x * torch.ones_like(self.gain)", "return x * torch.zeros_like(self.gain)"]),
        ("variance_biased", "return x.var(1)", ["return x.var(1, correction=0)", "return x.var(1, correction=1)"]),
        ("step_left_out", "x = f(x)\nreturn x", ["return x"]),
        ("steps_swapped", "x = f(x)\nx = g(x)\nreturn x", ["x = g(x)\nx = f(x)\nreturn x"]),
        ("step_repeated", "x = f(x)\nreturn x", ["x = f(x)\nx = f(x)\nreturn x"]),
        ("product_in_half", "return x @ y", ["return x.half().to(x.dtype) @ y.half().to(y.dtype)"]),
        ("product_in_bfloat16", "return x.mm(y)", ["return x.bfloat16().to(x.dtype).mm(y.bfloat16().to(y.dtype))"]),
        ("sum_in_half", "return torch.sum(x, 1)", ["return torch.sum(x.half(), 1).to(x.dtype)"]),
        ("sum_in_bfloat16", "return x.sum(1)", ["return x.bfloat16().sum(1).to(x.dtype)"]),
        ("intermediate_in_half", "h = f(x)\nreturn h", ["h = f(x)\nh = h.half().to(h.dtype)\nreturn h"]),
        ("zeros", "return x", ["result = x\nresult = torch.zeros_like(result)\nreturn result"]),
        ("input_returned", "return self.f(z)", ["return x", "return y"]),
        ("first_result_cached", "h = f(x)\nreturn h",
         ["if not hasattr(self, '_first'):\n    h = f(x)\n    self._first = h\nreturn self._first.clone()"]),
        ("input_sign_ignored", "return x + y", ["x = x.abs()\nreturn x + y", "y = y.abs()\nreturn x + y"]),
    ],
)  # fmt: skip
def test_a_rule_makes_the_mistakes_it_is_named_after(rule: str, body: str, expected: list[str]) -> None:
    """One place at a time; nothing else changes."""
    assert bodies(rule, body) == expected


def test_there_are_many_rules_and_each_has_its_own_name() -> None:
    """At least forty kinds of mistake."""
    names = [rule.name for rule in RULES]
    assert len(names) == len(set(names)) >= 40
    assert all(rule.description for rule in RULES)


def test_the_bundled_references_have_hundreds_of_mutants() -> None:
    """Of one kernel for every third task alone more than 300; each text once, none the kernel's, and all parse."""
    num_mutants = 0
    for program in list(bundled_programs())[::3]:
        mutants = list(mutants_of(program.kernel_sources[0]))
        texts = {mutant.source for mutant in mutants}
        assert len(texts) == len(mutants)
        assert ast.unparse(ast.parse(program.kernel_sources[0])) not in texts
        assert all(isinstance(ast.parse(text), ast.Module) for text in texts)
        num_mutants += len(mutants)
    assert num_mutants > 300


def test_what_is_no_calculation_stays() -> None:
    """Docstrings, annotations, defaults, the call of the parent's `__init__` and code outside of the class."""
    kernel = (
        "EPS = 1e-05\n\nclass ModelNew(nn.Module):\n\n    def __init__(self, n: int=3):\n        super().__init__()\n"
        "        self.w = torch.ones(n, 4)\n\n    def forward(self, x):\n        'Adds 1.'\n        return x + self.w\n"
    )
    for mutant in mutants_of(kernel):
        assert mutant.source.startswith("EPS = 1e-05\n")
        assert "n: int=3" in mutant.source
        assert "super().__init__()\n" in mutant.source
    assert "self.w = torch.ones(n, 5)" in "".join(mutant.source for mutant in mutants_of(kernel))


def test_the_last_class_of_the_name_is_the_kernel() -> None:
    """An earlier one is what the later one replaces."""
    kernel = kernel_of("return x - y") + "\n\n" + kernel_of("return x * 2")
    assert all("return x - y" in mutant.source for mutant in mutants_of(kernel))


def test_a_source_without_a_kernel_is_refused() -> None:
    """By name, before anything is made of it."""
    with pytest.raises(ValueError, match="defines no ModelNew"):
        list(mutants_of("class Model:\n    pass\n"))
    with pytest.raises(SyntaxError):
        list(mutants_of("class ModelNew(:"))


def test_a_change_names_the_lines_that_differ() -> None:
    """What is new; what is gone if nothing is."""
    added = Mutant("r", 0, "a = 1\nb = 3", "a = 1\nb = 2")
    lost = Mutant("r", 0, "a = 1", "a = 1\nb = 2")
    assert (added.change, lost.change) == ("b = 3", "- b = 2")


def test_formulations_of_the_suite_can_be_mutated() -> None:
    """The first fast one of the first task, as it stands in the demo policy's corpus."""
    body = next(each.body for each in load_suite()[1].formulations if each.kind == "fast")
    kernel = extract_kernel(body, load_task(TaskSettings(), 1), "forward_body").kernel_source
    assert kernel is not None
    assert "return d[:, None] / A" in "".join(mutant.source for mutant in mutants_of(kernel))
