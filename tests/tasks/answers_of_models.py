"""Answers as models write them to bundled problem 1, with the kernel that a reader takes each to mean.

`BODY` and `FILE` are the kernel of most; where an answer means another one it stands beside it.
"""

import json

BODY = "return d.unsqueeze(1) * A"
REFERENCE_BODY = "return torch.diag(d) @ A"
CLASS = f"class ModelNew(nn.Module):\n    def forward(self, d, A):\n        {BODY}\n"
FILE = f"import torch\nimport torch.nn as nn\n\n{CLASS}"


def forward(body: str, arguments: str = "self, d, A", before: str = "", after: str = "") -> str:
    """What follows the reference in a kernel of style forward_body."""
    indented = "\n".join("        " + line for line in body.split("\n"))
    return f"{before}\n\n\nclass ModelNew(Model):\n    def forward({arguments}):\n{indented}\n\n\n{after}"


MEANT = forward(BODY)
IN_TWO_LINES = forward("x = d.unsqueeze(1)\nreturn x * A")
SCALE = "def scale(d, A):\n    return d.unsqueeze(1) * A\n"
SCALED = forward("return scale(d, A)", before=SCALE)
JIT_SCALE = "@torch.jit.script\ndef scale(d: torch.Tensor, A: torch.Tensor):\n    return d.unsqueeze(1) * A\n"

FORWARD_BODY: dict[str, tuple[str, str]] = {
    "plain": (BODY, MEANT),
    "fence_python": (f"```python\n{BODY}\n```", MEANT),
    "fence_tilde": (f"~~~python\n{BODY}\n~~~", MEANT),
    "fence_py_caps": (f"```Python3\n{BODY}\n```", MEANT),
    "fence_4ticks": (f"````python\n{BODY}\n````", MEANT),
    "fence_close_same_line": (f"```python\n{BODY}```", MEANT),
    "fence_inline_ticks": (f"`{BODY}`", MEANT),
    "fence_blockquote": (f"> ```python\n> {BODY}\n> ```", MEANT),
    "fence_indented_list": (f"1. Answer:\n   ```python\n   {BODY}\n   ```", MEANT),
    "fence_unclosed": (f"```python\n{BODY}", MEANT),
    "text_before_after": (f"Here it is:\n```python\n{BODY}\n```\nThis is faster, since no matrix is built.", MEANT),
    "think_closed": (f"<think>maybe {REFERENCE_BODY}</think>\n{BODY}", MEANT),
    "think_caps": (f"<THINK>hm</THINK>\n{BODY}", MEANT),
    "thinking_tag": (f"<thinking>hm</thinking>\n{BODY}", MEANT),
    "harmony_channel": (
        f"<|channel|>analysis<|message|>think<|end|><|start|>assistant<|channel|>final<|message|>{BODY}",
        MEANT,
    ),
    "eos_text": (f"{BODY}<|im_end|>", MEANT),
    "eos_text_nl": (f"{BODY}\n<|im_end|>", MEANT),
    "crlf": ("x = d.unsqueeze(1)\r\nreturn x * A\r\n", IN_TWO_LINES),
    "tabs": ("\tx = d.unsqueeze(1)\n\treturn x * A", IN_TWO_LINES),
    "tab_in_if": (
        "if True:\n\tx = d.unsqueeze(1)\nreturn x * A",
        forward("if True:\n    x = d.unsqueeze(1)\nreturn x * A"),
    ),
    "mixed_indent": ("    x = d.unsqueeze(1)\n\treturn x * A", IN_TWO_LINES),
    "bom": (f"\ufeff{BODY}", MEANT),
    "bom_fence": (f"\ufeff```python\n{BODY}\n```", MEANT),
    "nbsp_indent": (f"\u00a0\u00a0\u00a0\u00a0{BODY}", MEANT),
    "unicode_ident": ("größe = d.unsqueeze(1)\nreturn größe * A", forward("größe = d.unsqueeze(1)\nreturn größe * A")),
    "unicode_ident_nfd": (
        "gro\u0308ße = d.unsqueeze(1)\nreturn größe * A",
        forward("größe = d.unsqueeze(1)\nreturn größe * A"),
    ),
    "unicode_comment": (f"# ✅ schnell — 速い\n{BODY}", MEANT),
    "u2028": (f"s = 'a\u2028b'\n{BODY}", forward(f"s = 'a\\u2028b'\n{BODY}")),
    "curly_quote": (f"s = ‘x’\n{BODY}", forward(f"s = 'x'\n{BODY}")),
    "minus_sign": ("return d.unsqueeze(−1) * A", forward("return d.unsqueeze(-1) * A")),
    "times_sign": ("return d.unsqueeze(1) × A", MEANT),
    "def_with_default": (f"def forward(self, d, A, block=32):\n    {BODY}", forward(BODY, "self, d, A, block=32")),
    "def_with_kwonly": (f"def forward(self, d, A, *, eps=1e-5):\n    {BODY}", forward(BODY, "self, d, A, *, eps=1e-5")),
    "def_annotated": (f"def forward(self, d: torch.Tensor, A: torch.Tensor) -> torch.Tensor:\n    {BODY}", MEANT),
    "def_renamed_args": (
        "def forward(self, x, y):\n    return x.unsqueeze(1) * y",
        forward("x, y = d, A\nreturn x.unsqueeze(1) * y"),
    ),
    "def_no_self": (f"def forward(d, A):\n    {BODY}", MEANT),
    "lambda_form": ("forward = lambda self, d, A: d.unsqueeze(1) * A", MEANT),
    "helper_before_forward": (f"{SCALE}\ndef forward(self, d, A):\n    return scale(d, A)", SCALED),
    "helper_then_body": (f"{SCALE}\nreturn scale(d, A)", forward(f"{SCALE}return scale(d, A)")),
    "constant_before_forward": (
        "AXIS = 1\n\ndef forward(self, d, A):\n    return d.unsqueeze(AXIS) * A",
        forward("return d.unsqueeze(AXIS) * A", before="AXIS = 1"),
    ),
    "jit_before_forward": (
        f"{JIT_SCALE}\nclass ModelNew(nn.Module):\n    def forward(self, d, A):\n        return scale(d, A)",
        forward("return scale(d, A)", before=JIT_SCALE),
    ),
    "class_with_init": (
        (
            "class ModelNew(nn.Module):\n    def __init__(self):\n        super().__init__()\n        self.axis = 1\n"
            "    def forward(self, d, A):\n        return d.unsqueeze(self.axis) * A"
        ),
        (
            "class ModelNew(nn.Module):\n    def __init__(self):\n        super().__init__()\n        self.axis = 1\n"
            "    def forward(self, d, A):\n        return d.unsqueeze(self.axis) * A"
        ),
    ),
    "whole_file_imports": (
        (
            f"import torch\nimport torch.nn as nn\nimport torch.nn.functional as F\n\n{CLASS}\n"
            "if __name__ == '__main__':\n    print(ModelNew()(torch.rand(2), torch.rand(2, 2)))"
        ),
        forward(BODY, before="import torch.nn.functional as F"),
    ),
    "other_class_name": (f"class FastDiag(nn.Module):\n    def forward(self, d, A):\n        {BODY}", MEANT),
    "two_blocks_test_last": (
        f"```python\n{BODY}\n```\nTest:\n```python\nd, A = get_inputs()\nprint(Model()(d, A))\n```",
        MEANT,
    ),
    "two_blocks_ref_last": (f"```python\n{BODY}\n```\nIt replaces this:\n```python\n{REFERENCE_BODY}\n```", MEANT),
    "two_blocks_draft_first": (
        f"Draft:\n```python\n{REFERENCE_BODY}\n```\nFinal:\n```python\n{BODY}\n```",
        MEANT,
    ),
    "two_blocks_testfn_last": (
        f"```python\n{BODY}\n```\nTest:\n```python\ndef check(d, A):\n    return torch.allclose(d, A)\n```",
        MEANT,
    ),
    "cpp_then_python": (f"```cpp\nint f() {{ return 1; }}\n```\n```python\n{BODY}\n```", MEANT),
    "python_then_cpp": (f"```python\n{BODY}\n```\n```cpp\nint f() {{ return 1; }}\n```", MEANT),
    "bash_last": (f"```python\n{BODY}\n```\n```bash\npip install triton\n```", MEANT),
    "diff_block": (
        f"```diff\n-        {REFERENCE_BODY}\n+        {BODY}\n```",
        (
            "class ModelNew(nn.Module):\n    def __init__(self):\n        super().__init__()\n"
            f"    def forward(self, d, A):\n        {BODY}"
        ),
    ),
    "docstring_fence": (f'"""Usage:\n```python\nmodel(d, A)\n```\n"""\n{BODY}', MEANT),
    "ellipsis_style": ("        " + BODY, MEANT),
    "repl_prompt": (f">>> {BODY}", MEANT),
    "semicolon": ("x = d.unsqueeze(1); return x * A", IN_TWO_LINES),
    "nested_return_only": (f"if True:\n    {BODY}", forward(f"if True:\n    {BODY}")),
    "html_escaped": (f"if 1 &lt; 2:\n    {BODY}", forward(f"if 1 < 2:\n    {BODY}")),
    "json_wrapped": (json.dumps({"code": BODY}), MEANT),
    "walrus": ("return (x := d.unsqueeze(1)) * A", forward("return (x := d.unsqueeze(1)) * A")),
    "match_stmt": (
        f"match 1:\n    case 1:\n        {BODY}",
        forward(f"match 1:\n    case 1:\n        {BODY}"),
    ),
    "py312_fstring": (f"s = f'{{\"a\"}}'\n{BODY}", forward(f"s = f'{{\"a\"}}'\n{BODY}")),
    "long_ok": ("# " + "x" * 99_000 + f"\n{BODY}", MEANT),
    "long_think": ("<think>" + "hmm " * 30_000 + f"</think>\n{BODY}", MEANT),
    "global_stmt": (f"global z\nz = 1\n{BODY}", forward(f"global z\nz = 1\n{BODY}")),
    "posonly": (f"def forward(self, d, A, /):\n    {BODY}", MEANT),
}
"""The answer, and what follows the reference in the kernel meant."""

DOUBTFUL_FORWARD_BODY = {
    "think_open_only": (
        f"<think>let me see\n```python\n{REFERENCE_BODY}\n```\nno, better",
        "empty response: nothing stands outside of marks and reasoning",
    ),
    "async_def": (f"async def forward(self, d, A):\n    {BODY}", "forward is a coroutine"),
    "yield_body": ("yield d", "no return statement"),
}
"""The three of style forward_body that mean no kernel, and why: cut off inside of its reasoning; a call gives a
coroutine, which is no tensor; a generator without a result."""

NEWER_SYNTAX = {"type_stmt_312": (f"type X = int\n{BODY}", forward(f"type X = int\n{BODY}"))}
"""Python before 3.12 cannot read it: there the line counts as prose."""

_JIT_MODULE = (
    "\n_M = ModelNew\nclass ModelNew(nn.Module):\n    def __init__(self):\n        super().__init__()\n"
    "        self.m = torch.jit.script(_M())\n    def forward(self, d, A):\n        return self.m(d, A)\n"
)
_SCALING_CLASS = CLASS.replace("d.unsqueeze(1) * A", "scale(d, A)")
_SCALES = FILE.replace("d.unsqueeze(1) * A", "scale(d, A)")
_TYPED_SCALE = f"def scale(d: torch.Tensor, A: torch.Tensor) -> torch.Tensor:\n    {BODY}\n"


def _before_return(line: str) -> str:
    return FILE.replace("        return", f"        {line}\n        return")


_AS_THEY_ARE = {
    "mn_plain": FILE,
    "mn_if_guard": "import torch\nimport torch.nn as nn\nif True:\n    " + CLASS.replace("\n", "\n    ").rstrip(),
    "mn_try": f"import torch.nn as nn\ntry:\n    import triton\nexcept ImportError:\n    triton = None\n{CLASS}",
    "mn_two_classes": FILE + "\nclass ModelNew2(ModelNew):\n    pass\n",
    "mn_name_main": FILE + "\nif __name__ == '__main__':\n    raise SystemExit(1)\n",
    "mn_future": "from __future__ import annotations\n" + FILE,
    "mn_future_dataclass": "from __future__ import annotations\nfrom dataclasses import dataclass\n"
    + FILE
    + "\n@dataclass\nclass Cfg:\n    k: int = 1\n",
    "mn_print": "print('hello')\n" + _before_return("print('x' * 1000)"),
    "mn_cache_dir": "import os\n"
    + _before_return(
        "os.makedirs(os.path.expanduser('~/.cache/k'), exist_ok=True);"
        " open(os.path.expanduser('~/.cache/k/f'), 'w').write('x')"
    ),
    "mn_write_cwd": _before_return("open('cache.bin', 'w').write('x')"),
    "mn_namedtuple": "from typing import NamedTuple\nclass P(NamedTuple):\n    k: int = 1\n" + FILE,
    "mn_jit": "import torch\n@torch.jit.script\n" + _TYPED_SCALE + _SCALES,
    "mn_compile": FILE.replace("d.unsqueeze(1) * A", "f(d, A)") + f"\n@torch.compile\ndef f(d, A):\n    {BODY}\n",
    "mn_custom_op": "import torch\n@torch.library.custom_op('my::scale', mutates_args=())\n" + _TYPED_SCALE + _SCALES,
    "mn_inference_mode": FILE.replace("    def forward", "    @torch.inference_mode()\n    def forward"),
    "mn_out_grad": FILE.replace(
        BODY, "\n        with torch.enable_grad():\n            return (d.unsqueeze(1) * A).requires_grad_()"
    ),
    "mn_threads": "import threading\n"
    + FILE.replace(
        BODY,
        "\n        r = []\n        t = threading.Thread(target=lambda: r.append(d.unsqueeze(1) * A)); "
        "t.start(); t.join()\n        return r[0]",
    ),
    "mn_subprocess": "import subprocess\n" + _before_return("subprocess.run(['true'], check=True)"),
    "mn_attr_on_tensor": FILE.replace(BODY, "y = d.unsqueeze(1) * A; y.note = 1; return y"),
    "mn_load_inline": "import torch\nimport torch.nn as nn\nfrom torch.utils.cpp_extension import load_inline\n"
    "src = 'torch::Tensor scale(torch::Tensor d, torch::Tensor A) { return d.unsqueeze(1) * A; }'\n"
    "ext = load_inline(name='scale_ext', cpp_sources=src, functions=['scale'])\n"
    + CLASS.replace("d.unsqueeze(1) * A", "ext.scale(d, A)"),
    "mn_deepcopy_pickle": "import pickle\n" + _before_return("pickle.dumps(self)"),
    "mn_typehints": "from __future__ import annotations\nimport typing\n"
    + FILE.replace(
        "def forward(self, d, A):",
        "def forward(self, d: torch.Tensor, A: torch.Tensor) -> torch.Tensor:\n"
        "        typing.get_type_hints(type(self).forward)",
    ),
    "mn_future_custom_op": "from __future__ import annotations\nimport torch\n"
    "@torch.library.custom_op('my::scale2', mutates_args=())\n" + _TYPED_SCALE + _SCALES,
    "mn_getsource": "import inspect\n" + _before_return("inspect.getsource(type(self).forward)"),
    "mn_getsource_class": "import inspect\n" + _before_return("inspect.getsource(type(self))"),
    "mn_module_file": "import os\nHERE = os.path.dirname(os.path.abspath(__file__))\n" + FILE,
    "mn_jit_class": "import torch\n@torch.jit.script\nclass S:\n    def __init__(self, k: int):\n        self.k = k\n"
    + FILE,
    "mn_jit_module": FILE + _JIT_MODULE,
}

MODEL_NEW: dict[str, tuple[str, str]] = {
    **{name: (code, code) for name, code in _AS_THEY_ARE.items()},
    "mn_fence": (f"```python\n{FILE}```", FILE),
    "mn_close_same_line": (f"```python\n{FILE.rstrip()}```", FILE),
    "mn_import_of_block": (f"import torch\n\n```\n{FILE}```", FILE),
    "mn_two_blocks_helper": (
        f"```python\nimport torch\n{SCALE}```\nand\n```python\nimport torch.nn as nn\n{_SCALING_CLASS}```",
        f"{SCALE}\nimport torch.nn as nn\n{_SCALING_CLASS}",
    ),
    "mn_bom": ("\ufeff" + FILE, FILE),
    "mn_crlf": (FILE.replace("\n", "\r\n"), FILE),
    "mn_fenced_docstring_ticks": (
        f'```python\n"""Usage:\n```\nm(d, A)\n```\n"""\n{FILE}```',
        f'"""Usage:\n```\nm(d, A)\n```\n"""\n{FILE}',
    ),
    "mn_model_only": (FILE.replace("ModelNew", "Model"), FILE.replace("ModelNew", "Model") + "\nModelNew = Model\n"),
}
"""The answer, and the file meant."""

AFTER_THE_REFERENCE = {
    "mn_from_model_import": (
        f"from model import Model\nclass ModelNew(Model):\n    def forward(self, d, A):\n        {BODY}\n",
        MEANT,
    ),
}
"""Answers of style model_new that need the reference in their file, and what follows it."""
