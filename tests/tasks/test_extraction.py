"""From responses to kernels. Nothing that a response holds is executed here."""

import ast

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from kbwf.records import Task
from kbwf.records.base import sha256_of
from kbwf.settings import TaskSettings
from kbwf.tasks import locations
from kbwf.tasks.extraction import extract_kernel, kernel_digest
from kbwf.tasks.names import binds
from kbwf.tasks.prompts import forward_body
from kbwf.tasks.search import MAX_KERNEL_CHARS
from kbwf.tasks.sources import load_task
from kbwf.tasks.suite import load_suite

REFERENCE = """import torch
import torch.nn as nn


class Model(nn.Module):
    def forward(self, A, B):
        return torch.matmul(A, B)


def get_inputs():
    return [torch.rand(4, 4), torch.rand(4, 4)]


def get_init_inputs():
    return []
"""

TASK = Task(
    task_id="l1_p002",
    level=1,
    problem_id=2,
    name="Matmul",
    reference_source=REFERENCE,
    reference_sha256=sha256_of(REFERENCE),
    source="directory",
    revision="unversioned",
)

BUNDLED = {problem_id: load_task(TaskSettings(), problem_id) for problem_id in locations.problem_ids(TaskSettings())}
BODIES = [(BUNDLED[problem_id], f.body) for problem_id, entry in load_suite().items() for f in entry.formulations]


def new_part(response: str, task: Task = TASK) -> str:
    """What stands after the reference in the kernel of style forward_body."""
    extraction = extract_kernel(response, task, "forward_body")
    assert extraction.reason == ""
    assert extraction.kernel_source is not None
    assert extraction.kernel_source.startswith(task.reference_source)
    return extraction.kernel_source.removeprefix(task.reference_source).strip()


def reason(response: str, style: str = "forward_body") -> str:
    """Why there is no kernel."""
    extraction = extract_kernel(response, TASK, style)  # type: ignore[arg-type]
    assert extraction.kernel_source is None
    return extraction.reason


EXPECTED = "class ModelNew(Model):\n    def forward(self, A, B):\n        return A @ B"


@pytest.mark.parametrize(
    "response",
    [
        "return A @ B",
        "\n\n    return A @ B   \n\n".rstrip(" "),
        "```python\nreturn A @ B\n```",
        "Here it is:\n\n```\nreturn A @ B\n```\nIt is fast.",
        "~~~py\n    return A @ B\n~~~",
        "```python\nreturn A @ B",
        "return A @ B\n```\nThis multiplies.",
        "```python\nprint(A\n```\nBetter:\n```python\nreturn A @ B\n```",
        "<think>\n```python\nreturn B @ A\n```\n</think>\nreturn A @ B",
        "def forward(self, A, B):\n    return A @ B",
        "def forward(A, B):\n    return A @ B",
        "def solution(self, A, B):\n    return A @ B",
        "def forward(self, A: torch.Tensor, B: torch.Tensor) -> torch.Tensor: return A @ B",
        "class ModelNew(Model):\n    def forward(self, A, B):\n        return A @ B",
        "class ModelNew(nn.Module):\n  def forward(self, A, B):\n    return A @ B\n",
        f"```python\n{REFERENCE}\n{EXPECTED}\n```",
        "import torch\nimport torch.nn as nn\nreturn A @ B",
        "from __future__ import annotations\nreturn A @ B",
        "return A @ B\r\n",
        "return A\u00a0@\u00a0B",
    ],
)
def test_body_is_found_in_whatever_is_around_it(response: str) -> None:
    """Fences, prose, a function, a class, other line ends: always the same kernel."""
    assert new_part(response).splitlines()[-1].strip() == "return A @ B"
    assert new_part(response).rstrip() == EXPECTED


def test_body_continued_from_an_indented_line_is_accepted() -> None:
    """Base models continue after `def forward(...):` with a first line that lacks the indentation."""
    assert new_part("C = A @ B\n        return C").endswith("        C = A @ B\n        return C")


def test_typographic_quotes_become_plain_ones_only_where_needed() -> None:
    """A string that may hold them keeps them."""
    assert "torch.einsum('ij,jk->ik', A, B)" in new_part("return torch.einsum(\u2018ij,jk->ik\u2019, A, B)")
    assert "\u2019" in new_part("# don\u2019t\nx = 'it\u2019s'\nreturn A @ B")


def test_first_imports_move_before_the_class() -> None:
    """Those that the reference lacks; later ones stay where they are."""
    part = new_part("import torch\nimport triton\nfrom math import *\nC = A @ B\nimport os\nreturn C")
    assert part == (
        "import triton\nfrom math import *\n\n\n"
        "class ModelNew(Model):\n    def forward(self, A, B):\n        C = A @ B\n        import os\n        return C"
    )


def test_other_names_for_the_arguments_are_bound_to_the_references() -> None:
    """The reference's parameter list stays; swapped names are no trap."""
    assert new_part("def forward(self, x, y):\n    return x @ y").splitlines()[1:] == [
        "    def forward(self, A, B):",
        "        x, y = A, B",
        "        return x @ y",
    ]
    assert "        B, A = A, B\n" in new_part("def forward(self, B, A):\n    return B @ A")


def test_string_over_several_lines_keeps_its_value() -> None:
    """Indentation must not go into inline CUDA source."""
    kernel_source = extract_kernel('s = """\nint x;\n  y"""\nreturn f(s, A, B)', TASK, "forward_body").kernel_source
    assert kernel_source is not None
    values = [node.value for node in ast.walk(ast.parse(kernel_source)) if isinstance(node, ast.Constant)]
    assert "\nint x;\n  y" in values


def test_helper_function_inside_a_body_stays() -> None:
    """A body that returns is a body, whatever it defines."""
    assert "def f(x):" in new_part("def f(x):\n    return x * 2\nreturn f(A) @ B / 2")


@pytest.mark.parametrize(
    ("response", "message"),
    [
        ("", "empty response"),
        (" \n\t\n", "empty response"),
        ("<think>hm</think>\n", "empty response"),
        ("I would use a faster matrix product here.", "syntax error in line 1"),
        ("Sorry", "no return statement"),
        ("C = A @ B\nreturn C +", "syntax error in line 2: invalid syntax ('return C +')"),
        ("```python\nreturn (A @ B\n```", "syntax error in line 1: '(' was never closed"),
        ("C = A @ B", "no return statement"),
        ("def f():\n    return 1\ndef g():\n    return 2", "no return statement"),
        ("def forward(self, A):\n    return A", "wrong signature: forward takes (self, A, B), the answer's (self, A)"),
        ("def forward(self, A, B, C):\n    return A", "wrong signature"),
        ("def forward(self, A, B, *, out):\n    return A", "wrong signature"),
        ("return A\0", "no text"),
        ("return '\ud800'", "no text"),
        ("x" * (MAX_KERNEL_CHARS + 1), "response too long: 100001 characters"),
        ("return " + "-" * 90_000 + "1", "cannot be parsed"),
        ("return A" + ".T" * 40_000, "cannot be parsed"),
        ("return 0x" + "f" * 90_000, "cannot be parsed"),
        ("return " + "(" * 5_000, "syntax error in line 1"),
    ],
    ids=lambda text: text[:20].encode("ascii", "replace").decode().replace("\0", "0"),
)
def test_response_without_a_kernel_says_why(response: str, message: str) -> None:
    """One line, and never an exception."""
    assert message in reason(response)
    assert "\n" not in reason(response)


MODEL_NEW = "import torch\n\nclass ModelNew(torch.nn.Module):\n    def forward(self, A, B):\n        return A @ B\n"


def test_model_new_is_taken_as_a_file_of_its_own() -> None:
    """Without the reference, which it does not need."""
    for response in (MODEL_NEW, f"Look:\n```python\n{MODEL_NEW}```\nFor example\n```python\nModelNew()(a, b)\n```"):
        assert extract_kernel(response, TASK, "model_new").kernel_source == MODEL_NEW


def test_model_new_takes_the_last_block_that_defines_it() -> None:
    """Models improve on themselves."""
    better = MODEL_NEW.replace("A @ B", "torch.mm(A, B)")
    response = f"```python\n{MODEL_NEW}```\nBetter:\n```python\n{better}```"
    assert extract_kernel(response, TASK, "model_new").kernel_source == better


def test_model_new_that_inherits_from_the_reference_gets_it() -> None:
    """And only then; a future import is dropped, because it may not follow code."""
    inheriting = "from __future__ import annotations\n" + EXPECTED
    kernel_source = extract_kernel(inheriting, TASK, "model_new").kernel_source
    assert kernel_source is not None
    assert kernel_source.startswith(REFERENCE)
    compile(kernel_source, "kernel", "exec")
    own = "class Model:\n    pass\n\n\n" + EXPECTED + "\n"
    assert extract_kernel(own, TASK, "model_new").kernel_source == own


def test_model_new_is_required_in_its_style() -> None:
    """A body alone, or another class, is none."""
    assert reason("return A @ B", "model_new") == "the answer does not define ModelNew"
    assert reason("class Other: pass", "model_new") == "the answer does not define ModelNew"
    assert "syntax error in line 1" in reason("class ModelNew(", "model_new")


@pytest.mark.parametrize(
    "beside",
    [
        ("def f(x):\n    return x\n", "def f(x):\n    return x * 1.0\n"),
        ("K = 1\n", "K = 2\n"),
        ("import math\n", "import cmath as math\n"),
        ("@torch.jit.script\ndef f(x):\n    return x\n", "def f(x):\n    return x\n"),
        ("class F:\n    k = 1\n", "class F:\n    k = 2\n"),
    ],
)
@pytest.mark.parametrize("kernel", ["def forward(self, A, B):\n    return A @ B\n", f"{EXPECTED}\n"])
def test_kernels_that_differ_beside_forward_have_digests_of_their_own(beside: tuple[str, str], kernel: str) -> None:
    """Equal `forward`, another helper: one may not get the other's measurement."""
    answers = [kernel, *(part + kernel for part in beside), *(kernel + part for part in beside)]
    sources = [extract_kernel(answer, TASK, "forward_body").kernel_source for answer in answers]
    assert None not in sources
    assert len({kernel_digest(source) for source in sources if source}) == len(answers)


def test_what_is_not_taken_is_named_in_the_reason_and_in_the_kernel() -> None:
    """A use of the kernel below it, what a model wrote on after the body, and an `__init__` that is no use."""
    below = extract_kernel(f"{EXPECTED}\n\nx = ModelNew()\nprint(x(*get_inputs()))\n", TASK, "forward_body")
    assert below.reason == "not taken: x = ModelNew(); print(x(*get_inputs()))"
    assert below.kernel_source is not None
    assert below.kernel_source.count("# Not taken from the answer: ") == 2
    assert below.kernel_source.endswith(EXPECTED + "\n")
    after = extract_kernel("        C = A @ B\n        return C\n\n\ndef get_inputs():\n    pass", TASK, "forward_body")
    assert after.reason == "not taken: def get_inputs():"
    unreachable = extract_kernel("return A @ B\nprint(1)", TASK, "forward_body")
    assert unreachable.reason == "not taken: print(1)"
    answer = (
        "class ModelNew(nn.Module):\n    def __init__(self, features):\n        super().__init__()\n\n"
        "    def forward(self, x):\n        return x * self.gain"
    )
    without_init = extract_kernel(answer, BUNDLED[5], "forward_body")
    assert without_init.reason == "not taken: __init__, which leaves out what forward uses of Model's"
    assert without_init.kernel_source is not None
    assert without_init.kernel_source.endswith(
        "class ModelNew(Model):\n    def forward(self, x):\n        return x * self.gain\n"
    )


@pytest.mark.parametrize(
    "other",
    [
        "def f(x):\n    return x + 1.0\n", "def f(y):\n    return y + 1\n", "def f(x):\n    return x + 1  # honest\n",
        'def f(x):\n    """Honest."""\n    return x + 1\n', "\ndef f(x):\n    return x + 1\n",
        "def f( x):\n    return x + 1\n",
        "def f(x):\n    return x + 1", "def f(x):\r\n    return x + 1\n",
    ],
)  # fmt: skip
def test_digest_is_of_every_character(other: str) -> None:
    """A program can read its own text: what looks the same may do something else."""
    assert kernel_digest("def f(x):\n    return x + 1\n") != kernel_digest(other)


def test_digest_of_text_that_is_no_program() -> None:
    """Different broken kernels stay different, half characters among them."""
    broken = ["def f(", "def g(", "a\0", "'\ud800'", "'\\ud800'", "'?'", "-" * 50_000 + "1", "0x" + "f" * 50_000]
    assert len({kernel_digest(text) for text in broken}) == len(broken)
    assert kernel_digest("def f(") == sha256_of("def f(")


@pytest.mark.parametrize("task", BUNDLED.values(), ids=lambda task: task.task_id)
def test_references_own_body_gives_a_kernel_equal_to_it(task: Task) -> None:
    """The identity policy: ModelNew.forward has the statements of Model.forward."""
    kernel_source = extract_kernel(forward_body(task.reference_source), task, "forward_body").kernel_source
    assert kernel_source is not None
    forwards = [
        [ast.dump(statement) for statement in member.body]
        for node in ast.parse(kernel_source).body
        if isinstance(node, ast.ClassDef)
        for member in node.body
        if isinstance(member, ast.FunctionDef) and member.name == "forward"
    ]
    assert len(forwards) == 2
    assert forwards[0] == forwards[1]


def check(response: str, task: Task, style: str) -> None:
    """The contract: a kernel that parses and defines ModelNew, or a reason in one line."""
    extraction = extract_kernel(response, task, style)  # type: ignore[arg-type]
    assert "\n" not in extraction.reason
    if extraction.kernel_source is None:
        assert extraction.reason
        return
    assert extraction.reason == "" or extraction.reason.startswith("not taken: ")
    tree = ast.parse(extraction.kernel_source)
    assert "ModelNew" in {name for node in tree.body for name in binds(node)}
    assert len(kernel_digest(extraction.kernel_source)) == 64


STYLES = st.sampled_from(["forward_body", "model_new"])
FRAGMENTS = st.one_of(
    st.sampled_from(["return A @ B", "return", "x = 1", "import torch", "from __future__ import x", "async ", "yield"]),
    st.sampled_from(["class ModelNew(Model):", "Model", "def forward(self, A, B):", "lambda:", "f'{", "(", ")", ":"]),
    st.sampled_from(["\n", "\r", "\t", "    ", "\u2028", "\x0c", "\0", "\\", '"""', "\u201c", "#", ";", "@"]),
    st.sampled_from(["```python\n", "```", "~~~", "<think>", "</think>", "<|im_end|>", "<code>", "</code>", "&lt;"]),
    st.sampled_from(
        [">>> ", '{"code": "', '"}', "+", "-", "@@", "> ", "\\n", "<<<<<<< SEARCH\n", "=======\n", ">>>>>>>\n"]
    ),
)


@settings(max_examples=150, deadline=None)
@given(response=st.text(max_size=300), style=STYLES)
def test_arbitrary_text_never_raises(response: str, style: str) -> None:
    """Any Unicode at all."""
    check(response, TASK, style)


@settings(max_examples=200, deadline=None)
@given(fragments=st.lists(FRAGMENTS, max_size=25), style=STYLES)
def test_fragments_of_answers_never_raise(fragments: list[str], style: str) -> None:
    """Text that is nearly Python reaches deeper than noise does."""
    check("".join(fragments), TASK, style)


@settings(max_examples=200, deadline=None)
@given(data=st.data(), case=st.sampled_from(BODIES), style=STYLES)
def test_damaged_answers_never_raise(data: st.DataObject, case: tuple[Task, str], style: str) -> None:
    """A real answer, wrapped as models do, with a piece cut out and another put in."""
    task, body = case
    wrapped = data.draw(
        st.sampled_from([body, f"```python\n{body}\n```", "def forward(self, x):\n    " + body.replace("\n", "\n    ")])
    )
    start = data.draw(st.integers(0, len(wrapped)))
    end = data.draw(st.integers(start, min(len(wrapped), start + 8)))
    check(wrapped[:start] + data.draw(FRAGMENTS) + wrapped[end:], task, style)


@settings(max_examples=100, deadline=None)
@given(source=st.text(max_size=200))
def test_digest_never_raises(source: str) -> None:
    """A kernel source may be anything in a record that was written by hand."""
    assert len(kernel_digest(source)) == 64
