"""A known kernel in random combinations of what models wrap one in: whatever it comes in, it comes out.

`pytest tests/tasks/test_combinations.py --hypothesis-profile=search` tries 2,000 combinations.
"""

import ast
import html
import json
from collections.abc import Callable
from typing import NamedTuple

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from kbwf.settings import TaskSettings
from kbwf.tasks.extraction import extract_kernel
from kbwf.tasks.prompts import PromptStyle
from kbwf.tasks.sources import load_task
from tests.tasks.answers_of_models import BODY, CLASS, FILE, JIT_SCALE, REFERENCE_BODY, SCALE
from tests.tasks.packagings import ONE_LINE, PACKAGINGS
from tests.tasks.told_answers import ASIDE, OTHER
from tests.tasks.told_answers import REJECTED as REJECTED_LABELS

NUM_COMBINATIONS = max(200, settings().max_examples)
"""The profile may ask for more."""
TASK = load_task(TaskSettings(), 1)


class Known(NamedTuple):
    """A kernel as a model writes it, and names of which its `ModelNew` and its helpers must say the same."""

    style: PromptStyle
    code: str
    definitions: str
    """Functions and classes that the kernel has beside the reference, in any order."""


def _in_class(body: str, base: str = "Model") -> str:
    lines = "\n".join("        " + line for line in body.split("\n"))
    return f"class ModelNew({base}):\n    def forward(self, d, A):\n{lines}\n"


LINES = "x = d.unsqueeze(1)\nif x.numel() > 1 and x.dim() < 3:\n    x = x * 1.0\nreturn x * A"
NAMED = 's = "ij,jk->ik"\n\nreturn torch.einsum(s, d.diag(), A) & ~d'
WITH_INIT = (
    "class ModelNew(nn.Module):\n    def __init__(self):\n        super().__init__()\n        self.axis = 1\n\n"
    "    def forward(self, d, A):\n        return d.unsqueeze(self.axis) * A\n"
)
KERNELS = [
    Known("forward_body", BODY, _in_class(BODY)),
    Known("forward_body", LINES, _in_class(LINES)),
    Known("forward_body", NAMED, _in_class(NAMED)),
    Known("forward_body", "import math\n" + LINES, "import math\n" + _in_class(LINES)),
    Known("forward_body", "def forward(self, d, A):\n    " + LINES.replace("\n", "\n    "), _in_class(LINES)),
    Known(
        "forward_body",
        f"{SCALE}\ndef forward(d, A):\n    return scale(d, A)\n",
        SCALE + _in_class("return scale(d, A)"),
    ),
    Known("forward_body", CLASS, _in_class(BODY)),
    Known("forward_body", WITH_INIT, WITH_INIT),
    Known("forward_body", JIT_SCALE + _in_class("return scale(d, A)"), JIT_SCALE + _in_class("return scale(d, A)")),
    Known("forward_body", FILE, _in_class(BODY)),
    Known("model_new", FILE, FILE),
    Known("model_new", f"import torch\nimport torch.nn as nn\n\n{SCALE}\n{WITH_INIT}", SCALE + WITH_INIT),
    Known("model_new", f"{FILE}\nif __name__ == '__main__':\n    print(ModelNew())\n", FILE),
]

PROSE = ["Here is the kernel:", "Sure! It doesn't build the matrix.", "**Solution**", "1. First, we think.\n2. Then:"]
AFTERWORDS = [
    "It's faster, since no matrix is built.",
    "Let me know!",
    "- less memory\n- fewer flops",
    "Note: shapes (n,) and (n, m).",
]
DRAFT = f"Draft:\n\n```python\n{REFERENCE_BODY}\n```"
REJECTED = (
    "import torch\nclass ModelNew(torch.nn.Module):\n"
    "    def forward(self, d, A):\n        return torch.einsum('i,ij->ij', d, A)"
)
OTHER_BLOCKS_AFTER = [
    "Test:\n\n```python\nd, A = get_inputs()\nprint(Model()(d, A))\n```",
    "```python\ndef check(d, A):\n    return torch.allclose(Model()(d, A), A)\n```",
    "```bash\npip install torch\n```",
    f"It replaces the original:\n\n```python\n{REFERENCE_BODY}\n```",
    "Output:\n\n```\ntensor([[1.]])\n```",
    *(f"{label}\n\n```python\n{OTHER}\n```" for label in (*REJECTED_LABELS, *ASIDE)),
    f"Never do this:\n\n```python\n{REJECTED}\n```",
    f"I first tried this, which failed:\n\n```python\n{REJECTED}\n```",
    f"If A were 1-D, you would write:\n\n```python\n{REJECTED}\n```",
    f"Optional (less accurate):\n\n```python\n{REJECTED}\n```",
    f"```\nTraceback (most recent call last):\n  File 'k.py', line 1, in f\n    {REFERENCE_BODY}\nKeyError: 1\n```",
]
THOUGHTS = [
    "hm",
    "",
    f"maybe\n```python\n{REFERENCE_BODY}\n```\nno, better:\n",
    "It's `d * A`?\nreturn d\n",
    "so " * 40_000,
]

Wrap = Callable[[str], str]


def _repl(code: str) -> str:
    lines = code.rstrip().split("\n")
    return "\n".join(("... " if line[:1] in ("", " ", ")") else ">>> ") + line for line in lines)


def _numbered(code: str, mark: str) -> str:
    return "\n".join(f"{number:>3}{mark}{line}" for number, line in enumerate(code.split("\n"), 8))


def _coloured(code: str) -> str:
    return code.replace("return", "\x1b[1m\x1b[34mreturn\x1b[39;49;00m").replace("\n", "\x1b[K\n")


CHARACTERS: list[Wrap] = [
    lambda code: code.replace("\n", "\r\n"),
    lambda code: "\ufeff" + code,
    lambda code: code.replace("    ", "\u00a0   "),
    lambda code: code.replace(" = ", "\u202f=\u2009").replace("(", "\u200b("),
    lambda code: code.replace("(", "（").replace(")", "）").replace(":\n", "：\n"),
    lambda code: code.replace(" * ", " × "),
    lambda code: code.replace("    ", "\t"),
    lambda code: "    " + code.replace("\n", "\n    "),
    lambda code: code + "   \n\n",
    lambda code: code.replace("return", "re\u00adturn"),
]
BLOCKS: list[Wrap] = [
    lambda code: f"```python\n{code}\n```",
    lambda code: f"```py\n{code.rstrip()}```",
    lambda code: f"```\n{code}\n```",
    lambda code: f"``` Python\n{code}\n```   ",
    lambda code: f"~~~python\n{code}\n~~~",
    lambda code: f"````python\n{code}\n````",
    lambda code: "   ```python\n   " + code.replace("\n", "\n   ") + "\n   ```",
    lambda code: "- ```python\n  " + code.replace("\n", "\n  ") + "\n  ```",
    lambda code: f"```python\n{code}\n```".replace("\n", "\n> ").join(("> ", "")),
    lambda code: f"<code>\n{code}\n</code>",
    lambda code: f"<answer>\n```python\n{code}\n```\n</answer>",
    lambda code: f"<kernel>{html.escape(code)}</kernel>",
    lambda code: f"```python\n{html.escape(code)}\n```" if html.escape(code) != code else f"```\n{code}\n```",
    lambda code: f"```python\n{_repl(code)}\n```",
    lambda code: f"```json\n{json.dumps({'reasoning': REFERENCE_BODY, 'code': code})}\n```",
    lambda code: f"<tool_call>\n{json.dumps({'name': 'submit', 'arguments': {'code': code}})}\n</tool_call>",
    lambda code: f"<function=submit>\n<parameter=code>\n{code}\n</parameter>\n</function>",
    lambda code: f"```xml\n<kernel><![CDATA[\n{code}\n]]></kernel>\n```",
    lambda code: f"```bash\ncat > kernel.py <<'EOF'\n{code.rstrip()}\nEOF\npython kernel.py\n```",
    lambda code: f"```sh\ntee k.py <<-KERNEL_END >/dev/null\n{code.rstrip()}\nKERNEL_END\n```",
    lambda code: f"[code=python]\n{code}\n[/code]",
    lambda code: f"{{code:python}}\n{code}\n{{code}}",
    lambda code: f"\\boxed{{\n```python\n{code}\n```\n}}",
    lambda code: f"```python\n{_numbered(code, ' | ')}\n```",
    lambda code: f"```\n{_numbered(code, ': ')}\n```",
    lambda code: f"\x1b[2m```python\x1b[0m\n{_coloured(code)}\n\x1b[2m```\x1b[0m",
    lambda code: f'<｜DSML｜parameter name="content" string="true">{code}</｜DSML｜parameter>',
    lambda code: "```diff\n" + "\n".join("+" + line for line in code.split("\n")) + "\n```",
]
WHOLES: list[Wrap] = [
    lambda code: code,
    lambda code: json.dumps({"code": code}),
    lambda code: json.dumps([{"role": "assistant", "content": f"```python\n{code}\n```"}]),
    _repl,
    lambda code: f"```python\n{code}",
    lambda code: f"{code.rstrip()}\n```",
    lambda code: f"{code.rstrip()}```",
    lambda code: f"~~~\n{code}",
    lambda code: f"<answer>\n{code}",
    lambda code: f"{code}\n</code>",
    html.escape,
    lambda code: f"submit(code={code!r})",
    *(wrap for name, wrap in PACKAGINGS.items() if not name.endswith(("final_answer", "final_code"))),
]
"""Packagings that nothing stands beside."""
OUTER: list[Wrap] = [
    lambda text: f"<response>\n{text}\n</response>",
    lambda text: text.replace("\n", "\n> ").join(("> ", "")),
    lambda text: json.dumps({"choices": [{"message": {"role": "assistant", "content": text}}]}),
    html.escape,
    lambda text: f"`````markdown\n{text}\n`````",
]
REASONING: list[Callable[[str], str]] = [
    lambda thought: f"<think>{thought}</think>\n",
    lambda thought: f"<THINK>\n{thought}\n</THINK>\n\n",
    lambda thought: f"<thinking>\n{thought}\n</thinking>\n",
    lambda thought: f"{thought}\n</think>\n",
    lambda thought: f"<think>\n<think>a</think>\n{thought}</think>\n",
    lambda thought: f"<reasoning>{thought}</reasoning>\n",
    lambda thought: f"<seed:think>{thought}</seed:think>",
    lambda thought: f"◁think▷{thought}◁/think▷",
    lambda thought: f"[THINK]{thought}[/THINK]",
    lambda thought: f"<|channel>thought\n{thought}<channel|>",
    lambda thought: f"<|begin_of_thought|>\n{thought}<|end_of_thought|>\n",
    lambda thought: f"<|channel|>analysis<|message|>{thought}<|end|><|start|>assistant<|channel|>final<|message|>",
]
MARKS: list[Wrap] = [
    lambda text: f"{text}<|im_end|>",
    lambda text: f"{text}\n<|im_end|>\n<|im_start|>user\nFaster!<|im_end|>\n<|im_start|>assistant\n{REFERENCE_BODY}",
    lambda text: f"{text}<|endoftext|>{REFERENCE_BODY}",
    lambda text: f"{text}<｜end▁of▁sentence｜>",
    lambda text: f"{text}<|eot_id|>",
    lambda text: f"{text}</s>",
    lambda text: f"{text}<end_of_turn>\n",
    lambda text: f"{text}<|return|>",
    lambda text: f"<|im_start|>assistant\n{text}<|im_end|>",
    lambda text: f"<|start_header_id|>assistant<|end_header_id|>\n\n{text}<|eot_id|>",
    lambda text: f"<start_of_turn>model\n{text}<end_of_turn>",
    lambda text: f"<｜Assistant｜>{text}<｜end▁of▁sentence｜>",
    lambda text: f"[INST] {REFERENCE_BODY} [/INST]{text}</s>",
]


@st.composite
def responses(draw: st.DrawFn) -> tuple[Known, str]:
    """A kernel, and a response that packages it."""
    known = draw(st.sampled_from(KERNELS))
    code = known.code
    if draw(st.integers(0, 2)) == 0:
        code = draw(st.sampled_from(CHARACTERS))(code)
    if draw(st.integers(0, 3)) == 0:
        text = draw(st.sampled_from(WHOLES))(code)
    else:
        parts = [draw(st.sampled_from(BLOCKS))(code)]
        if draw(st.booleans()):
            parts.insert(0, draw(st.sampled_from(PROSE)))
        if draw(st.integers(0, 3)) == 0:
            parts.insert(0, DRAFT)
        if draw(st.integers(0, 2)) == 0:
            parts.append(draw(st.sampled_from(OTHER_BLOCKS_AFTER)))
        if draw(st.booleans()):
            parts.append(draw(st.sampled_from(AFTERWORDS)))
        text = draw(st.sampled_from(["\n", "\n\n"])).join(parts)
    if draw(st.integers(0, 5)) == 0:
        text = draw(st.sampled_from(OUTER))(text)
    if draw(st.booleans()):
        text = draw(st.sampled_from(REASONING))(draw(st.sampled_from(THOUGHTS))) + text
    if draw(st.booleans()):
        text = draw(st.sampled_from(MARKS))(text)
    return known, text


def definitions(source: str) -> list[str]:
    """The functions and classes of a file, and what they mean."""
    return sorted(ast.dump(node) for node in ast.parse(source).body if isinstance(node, ast.FunctionDef | ast.ClassDef))


def comes_out(known: Known, response: str) -> bool:
    """Whether the kernel in the response is the known one."""
    kernel_source = extract_kernel(response, TASK, known.style).kernel_source
    if kernel_source is None:
        return False
    own = definitions(kernel_source)
    if kernel_source.startswith(TASK.reference_source.rstrip()):
        own = [each for each in own if each not in definitions(TASK.reference_source)]
    return own == definitions(known.definitions)


@settings(max_examples=NUM_COMBINATIONS)
@given(case=responses())
def test_a_known_kernel_comes_out_of_whatever_it_is_packaged_in(case: tuple[Known, str]) -> None:
    """Characters, block, prose, drafts, tests, reasoning and chat marks, all drawn."""
    known, response = case
    assert comes_out(known, response), response[-600:]


@pytest.mark.parametrize("known", KERNELS, ids=range(len(KERNELS)))
def test_each_packaging_alone_gives_the_kernel(known: Known) -> None:
    """One at a time, so that a fault has a name."""
    texts = [wrap(known.code) for wrap in (*CHARACTERS, *BLOCKS, *WHOLES, *MARKS, *PACKAGINGS.values())]
    texts += [wrap(thought) + known.code for wrap in REASONING for thought in THOUGHTS]
    assert [text[-300:] for text in texts if not comes_out(known, text)] == []


@pytest.mark.parametrize("name", ONE_LINE)
def test_a_body_of_one_line_comes_out_of_its_packaging(name: str) -> None:
    """Quotation marks, bold type, tables, footnotes."""
    assert comes_out(KERNELS[0], ONE_LINE[name](BODY))
