"""Further answers of the kinds in `answers_of_models`: the forms that a kernel has, what stands beside it, and answers
that hold none."""

import json

from tests.tasks.answers_of_models import (
    BODY,
    CLASS,
    FILE,
    IN_TWO_LINES,
    JIT_SCALE,
    MEANT,
    REFERENCE_BODY,
    SCALE,
    SCALED,
    forward,
)
from tests.tasks.further_answers import LINES, REFERENCE_FILE

FAST_DIAG = CLASS.replace("ModelNew", "FastDiag")

SIGNATURES = {
    "def_stars": (
        "def forward(self, *args, **kwargs):\n    d, A = args\n    return d.unsqueeze(1) * A",
        forward("d, A = args\nreturn d.unsqueeze(1) * A", "self, *args, **kwargs"),
    ),
    "def_no_self_default": (f"def forward(d, A, block=32):\n    {BODY}", forward(BODY, "self, d, A, block=32")),
    "def_keywords_only": (f"def forward(self, *, d, A):\n    {BODY}", MEANT),
    "def_all_defaults": (
        f"def forward(self, d=None, A: 'X' = None):\n    {BODY}",
        forward(BODY, "self, d=None, A=None"),
    ),
    "def_one_line": (f"def forward(self, d, A) -> torch.Tensor: {BODY}", MEANT),
    "def_other_name": (f"def fast_forward(d, A):\n    {BODY}", MEANT),
    "def_helper_and_other_name": (f"{SCALE}\n\ndef fast(d, A):\n    return scale(d, A)", SCALED),
    "def_without_indentation": (f"def forward(self, d, A):\n{LINES}", IN_TWO_LINES),
    "def_decorated": (
        f"@torch.no_grad()\ndef forward(self, d, A):\n    {BODY}",
        f"class ModelNew(Model):\n    @torch.no_grad()\n    def forward(self, d, A):\n        {BODY}",
    ),
    "def_script_without_self": (
        f"{JIT_SCALE.replace('scale', 'forward')}",
        forward("return forward(d, A)", before=JIT_SCALE.replace("scale", "forward")),
    ),
    "def_self_by_another_name": (
        "def forward(model, x, y):\n    return x.unsqueeze(1) * y",
        forward("model, x, y = self, d, A\nreturn x.unsqueeze(1) * y"),
    ),
    "class_continued": (f"    def forward(self, d, A):\n        {BODY}\n\nN = 320", MEANT),
    "lambda_alone": ("lambda self, d, A: d.unsqueeze(1) * A", MEANT),
    "function_set_as_forward": (
        f"def fast(self, d, A):\n    {BODY}\n\n\nModelNew.forward = fast",
        f"def fast(self, d, A):\n    {BODY}\n\n\n{MEANT}\n\n\nModelNew.forward = fast",
    ),
    "static_method": (
        f"class ModelNew(Model):\n    @staticmethod\n    def forward(d, A):\n        {BODY}",
        f"class ModelNew(Model):\n    @staticmethod\n    def forward(d, A):\n        {BODY}",
    ),
}

BESIDE = {
    "all_beside_a_function": (
        (
            f"import math\nK = 1\n\n{JIT_SCALE}\n\nclass Pair:\n    k = math.pi\n\n\n"
            "def forward(self, d, A):\n    return scale(d, A)"
        ),
        forward("return scale(d, A)", before=f"import math\nK = 1\n\n{JIT_SCALE}\n\nclass Pair:\n    k = math.pi\n"),
    ),
    "helper_after_forward": (
        f"def forward(self, d, A):\n    return scale(d, A)\n\n\n{SCALE}",
        forward("return scale(d, A)", after=SCALE),
    ),
    "methods_without_a_class": (
        (
            "def __init__(self):\n    super().__init__()\n    self.axis = 1\n\n\ndef _wide(self, d):\n"
            "    return d.unsqueeze(self.axis)\n\n\nBY = 1\n\n\n"
            "def forward(self, d, A):\n    return self._wide(d) * A * self.BY"
        ),
        (
            "class ModelNew(Model):\n    def __init__(self):\n        super().__init__()\n        self.axis = 1\n\n"
            "    def _wide(self, d):\n        return d.unsqueeze(self.axis)\n\n    BY = 1\n\n"
            "    def forward(self, d, A):\n        return self._wide(d) * A * self.BY"
        ),
    ),
    "class_attribute_and_method": (
        (
            "class ModelNew(nn.Module):\n    axis = 1\n\n"
            "    def forward(self, d, A):\n        return self.wide(d) * A\n\n"
            "    def wide(self, d):\n        return d.unsqueeze(self.axis)"
        ),
        (
            "class ModelNew(Model):\n    axis = 1\n\n    def forward(self, d, A):\n        return self.wide(d) * A\n\n"
            "    def wide(self, d):\n        return d.unsqueeze(self.axis)"
        ),
    ),
    "helper_class": (
        (
            f"class Scale(nn.Module):\n    def forward(self, d, A):\n        {BODY}\n\n\nclass ModelNew(nn.Module):\n"
            "    def __init__(self):\n        super().__init__()\n        self.scale = Scale()\n\n"
            "    def forward(self, d, A):\n        return self.scale(d, A)"
        ),
        (
            f"class Scale(nn.Module):\n    def forward(self, d, A):\n        {BODY}\n\n\nclass ModelNew(nn.Module):\n"
            "    def __init__(self):\n        super().__init__()\n        self.scale = Scale()\n\n"
            "    def forward(self, d, A):\n        return self.scale(d, A)"
        ),
    ),
    "other_name_with_old_super": (
        (
            "class FastDiag(nn.Module):\n    def __init__(self):\n        super(FastDiag, self).__init__()\n"
            "        self.k = 1\n\n"
            f"    def forward(self, d, A):\n        {BODY}\n"
        ),
        (
            "class ModelNew(nn.Module):\n    def __init__(self):\n        super(ModelNew, self).__init__()\n"
            "        self.k = 1\n\n"
            f"    def forward(self, d, A):\n        {BODY}\n"
        ),
    ),
    "new_class_under_the_old_name": (
        f"import torch\nimport torch.nn as nn\n\n{CLASS.replace('ModelNew', 'Model')}",
        MEANT,
    ),
    "alias": (f"{FAST_DIAG}\nModelNew = FastDiag", f"{FAST_DIAG}\nModelNew = FastDiag"),
    "class_in_if": (
        "if torch.cuda.is_available():\n    " + CLASS.replace("\n", "\n    ").rstrip(),
        "if torch.cuda.is_available():\n    " + CLASS.replace("\n", "\n    ").rstrip(),
    ),
    "helper_in_another_block": (f"```python\n{SCALE}```\nand\n```python\nreturn scale(d, A)\n```", SCALED),
    "import_in_another_block": (
        "```python\nimport triton.language as tl\n```\n```python\nreturn d.unsqueeze(1) * A * tl.one\n```",
        forward("return d.unsqueeze(1) * A * tl.one", before="import triton.language as tl"),
    ),
    "model_imported": (f"from model import Model\n\n\n{CLASS}", MEANT),
    "script_with_usage": (f"{FILE}\nd, A = get_inputs()\nprint(ModelNew()(d, A))\n", MEANT),
    "benchmark_below": (
        f"{FILE}\nif __name__ == '__main__':\n    m = ModelNew()\n    print(m(*get_inputs()))\n",
        MEANT,
    ),
    "next_function_of_the_file": (
        "        x = d.unsqueeze(1)\n        return x * A\n\n\ndef get_inputs():\n    return []",
        IN_TWO_LINES,
    ),
    "next_function_at_the_same_depth": (f"{LINES}\n\n\ndef get_inputs():\n    return []", IN_TWO_LINES),
    "string_of_several_lines": (
        f"src = '''\nint x;\n  y'''\n\n\ndef forward(self, d, A):\n    s = '''\n a\n'''\n    {BODY}",
        forward(f"s = '\\n a\\n'\n{BODY}", before="src = '\\nint x;\\n  y'"),
    ),
}

SEVERAL_BLOCKS = {
    "test_function_named_otherwise": (
        f"```python\n{BODY}\n```\n```python\ndef run_it(d, A):\n    out = ModelNew()(d, A)\n    return out\n```",
        MEANT,
    ),
    "unit_test_last": (
        (
            f"```python\n{CLASS}```\n```python\nclass TestIt(unittest.TestCase):\n"
            "    def test_it(self):\n        return 1\n```"
        ),
        MEANT,
    ),
    "reference_file_last": (f"```python\n{CLASS}```\nThe original:\n```python\n{REFERENCE_FILE}```", MEANT),
    "reference_first_and_said": (f"Instead of\n```python\n{REFERENCE_BODY}\n```\nwrite\n```python\n{BODY}\n```", MEANT),
    "passage_last": (f"```python\n{CLASS}```\nThe heart of it:\n```python\n{BODY}\n```", MEANT),
    "unfinished_passage_last": (f"```python\n{LINES}\n```\nIt ends in\n```python\nreturn y\n```", IN_TWO_LINES),
    "outline_with_a_result_last": (
        (
            f"```python\n{CLASS}```\nIn short:\n```python\nclass ModelNew(nn.Module):\n    def forward(self, d, A):\n"
            "        ...\n        return x\n```"
        ),
        MEANT,
    ),
    "outline_last": (
        f"```python\n{CLASS}```\n```python\nclass ModelNew(nn.Module):\n    def forward(self, d, A):\n        ...\n```",
        MEANT,
    ),
    "naive_last": (
        f"```python\n{BODY}\n```\nA naive version:\n```python\nreturn torch.einsum('i,ij->ij', d, A)\n```",
        MEANT,
    ),
    "draft_then_final": (
        f"First draft:\n```python\nreturn torch.mm(torch.diag(d), A)\n```\nFinal:\n```python\n{BODY}\n```",
        MEANT,
    ),
    "output_last": (f"```python\n{BODY}\n```\nOutput:\n```\ntensor([1.])\n```", MEANT),
    "broken_draft": (f"```python\nreturn (d\n```\nCorrected:\n```python\n{BODY}\n```", MEANT),
}

OFFERED_REFERENCE = {
    "reference_body": (REFERENCE_BODY, forward(REFERENCE_BODY)),
    "reference_function": (f"def forward(self, d, A):\n    {REFERENCE_BODY}", forward(REFERENCE_BODY)),
    "reference_kept": (
        f"The reference is the fastest already, so I keep it:\n```python\n{REFERENCE_BODY}\n```",
        forward(REFERENCE_BODY),
    ),
    "reference_inherited": ("class ModelNew(Model):\n    pass", "class ModelNew(Model):\n    pass"),
}

FORWARD_BODY: dict[str, tuple[str, str]] = {**SIGNATURES, **BESIDE, **SEVERAL_BLOCKS, **OFFERED_REFERENCE}
"""The answer, and what follows the reference in the kernel meant."""

MODEL_NEW: dict[str, tuple[str, str]] = {
    "file_in_prose": (f"Here's the code:\n\n{FILE}\nIt isn't slow.", FILE),
    "file_with_word_before": (f"Sure\n\n{FILE}", FILE),
    "file_then_usage": (f"```python\n{FILE}```\n```python\nfrom kernel import ModelNew\nModelNew()(d, A)\n```", FILE),
    "file_then_reference": (f"```python\n{FILE}```\nReference:\n```python\n{REFERENCE_FILE}```", FILE),
    "file_then_cpp": (f"```python\n{FILE}```\n```cpp\n#include <torch/extension.h>\n```", FILE),
    "file_then_another_module": (
        (
            f"```python\n{FILE}```\nUsage:\n```python\nimport torch.nn as nn\nclass Net(nn.Module):\n"
            "    def forward(self, x):\n        return x\n```"
        ),
        FILE,
    ),
    "file_after_draft": (
        f"<think>\n```python\n{FILE.replace('*', '+')}```\n</think>\n```python\n{FILE}```<|im_end|>",
        FILE,
    ),
    "file_run_as_a_script": (
        f"{FILE}\nif __name__ == '__main__':\n    print(ModelNew()(*get_inputs()))\n",
        f"{FILE}\nif __name__ == '__main__':\n    print(ModelNew()(*get_inputs()))\n",
    ),
    "file_json": (json.dumps({"analysis": FILE.replace("*", "+"), "kernel": FILE}), FILE),
    "file_html": (f"<code>\n{FILE.replace('(1)', '(0 &lt; 1)')}</code>", FILE.replace("(1)", "(0 < 1)")),
    "file_typographic": (FILE.replace("(1)", "(−1)").replace("    ", "\u00a0   "), FILE.replace("(1)", "(-1)")),
    "file_repl": (">>> " + FILE.rstrip().replace("\n\n", "\n").replace("\n", "\n>>> "), FILE),
    "file_in_a_string": (f"source = '''{FILE}'''\nwith open('k.py', 'w') as file:\n    file.write(source)\n", FILE),
    "file_with_other_name": (
        f"```python\n{FILE.replace('ModelNew', 'FastDiag')}```",
        FILE.replace("ModelNew", "FastDiag") + "\nModelNew = FastDiag\n",
    ),
    "file_with_alias": (
        FILE.replace("ModelNew", "Fast") + "\nModelNew = Fast\n",
        FILE.replace("ModelNew", "Fast") + "\nModelNew = Fast\n",
    ),
    "file_with_lambda": (
        "import torch.nn as nn\nclass ModelNew(nn.Module):\n    forward = lambda self, d, A: d.unsqueeze(1) * A\n",
        "import torch.nn as nn\nclass ModelNew(nn.Module):\n    forward = lambda self, d, A: d.unsqueeze(1) * A\n",
    ),
    "file_with_class_in_try": (
        "import torch.nn as nn\ntry:\n    import triton\n    "
        + CLASS.replace("\n", "\n    ").rstrip()
        + "\nexcept ImportError:\n    raise\n",
        "import torch.nn as nn\ntry:\n    import triton\n    "
        + CLASS.replace("\n", "\n    ").rstrip()
        + "\nexcept ImportError:\n    raise\n",
    ),
    "file_compiled_in_another_block": (
        f"```python\n{FILE}```\nThen\n```python\nimport torch\nModelNew = torch.compile(ModelNew)\n```",
        f"import torch.nn as nn\n{CLASS}\nimport torch\nModelNew = torch.compile(ModelNew)\n",
    ),
    "file_two_in_one_message": (f"```python\n{FILE.replace('*', '+')}```\nBetter:\n```python\n{FILE}```", FILE),
    "file_with_main_function": (
        FILE + "\ndef main():\n    return ModelNew()\n",
        FILE + "\ndef main():\n    return ModelNew()\n",
    ),
}
"""The answer, and the file meant."""

AFTER_THE_REFERENCE: dict[str, tuple[str, str]] = {
    "inherits": (f"```python\n{CLASS.replace('nn.Module', 'Model')}```", MEANT),
    "without_imports": (CLASS, CLASS),
    "compiled_reference": ("ModelNew = torch.compile(Model)", "ModelNew = torch.compile(Model)"),
    "reference_repeated_and_new": (f"from reference import Model, get_inputs\n\n\n{CLASS}", CLASS),
}
"""Answers of style model_new that need the reference in their file, and what follows it."""

_PROSE = "The product with a diagonal matrix scales the rows, so you should return the scaled rows."

WITHOUT_FORWARD_BODY: dict[str, tuple[str, str]] = {
    "return_ellipsis": ("def forward(self, d, A):\n    # as before\n    return ...", "forward does nothing"),
    "refusal": ("I'm sorry, but I can't help with that.", "syntax error in line 1"),
    "prose": (_PROSE, "syntax error in line 1"),
    "prose_of_two_lines": ("If the sizes are small,\nreturn early\nand use a view instead.", "syntax error in line 1"),
    "prose_in_a_fence": (f"```text\n{_PROSE}\n```", "syntax error in line 1"),
    "reference_file": (REFERENCE_FILE, "it repeats the reference"),
    "reference_in_a_fence": (f"```python\n{REFERENCE_FILE}```", "it repeats the reference"),
    "reference_quoted": (f"The reference is slow:\n```python\n{REFERENCE_BODY}\n```", "only quotes the reference"),
    "reference_quoted_in_a_refusal": (
        f"I cannot do better than\n```\n{REFERENCE_BODY}\n```",
        "only quotes the reference",
    ),
    "reference_quoted_inline": (f"The reference does `{REFERENCE_BODY}`, which is slow.", "syntax error"),
    "c_in_a_fence": ("```cpp\nreturn d * A;\n```", "no Python, but cpp"),
    "test_alone": ("def check(d, A):\n    return torch.allclose(d, A)", "no return statement"),
    "usage_alone": ("```python\nmodel = Model()\nprint(model(d, A))\n```", "no return statement"),
    "nothing_returned": ("return", "no return statement"),
    "none_returned": ("def forward(self, d, A):\n    return None", "no return statement"),
    "test_as_a_body": ("out = ModelNew()(d, A)\nreturn out", "a test of ModelNew"),
    "suggestion_in_prose": (f"I would write `{BODY}`, but I can't test it.", "syntax error"),
    "reference_in_prose": (f"It currently does:\n{REFERENCE_BODY}\n", "syntax error"),
    "marks_alone": ("<|im_end|>", "empty response"),
    "fence_alone": ("```python\n```", "syntax error"),
    "outline": ("class ModelNew(nn.Module):\n    def forward(self, d, A):\n        ...", "forward does nothing"),
    "outline_that_raises": ("def forward(self, d, A):\n    raise NotImplementedError", "forward does nothing"),
    "class_without_forward": (
        "class ModelNew(nn.Module):\n    def __init__(self):\n        super().__init__()",
        "ModelNew has no forward",
    ),
    "reasoning_alone": (f"<|channel|>analysis<|message|>so\n```python\n{BODY}\n```", "outside of marks and reasoning"),
    "reasoning_nested_and_open": (
        f"<think>a\n<think>b</think>\n```python\n{BODY}\n```\nno",
        "outside of marks and reasoning",
    ),
    "refusal_then_another_document": (f"I can't.<|endoftext|>{BODY}", "syntax error in line 1"),
    "refusal_then_a_dialogue": (f"I can't.<|im_end|>\n<|im_start|>user\n{BODY}<|im_end|>", "syntax error in line 1"),
    "json_without_code": (json.dumps({"reasoning": BODY, "code": ""}), "no return statement"),
    "json_of_reasoning": (json.dumps({"thought": "return d"}), "no return statement"),
    "wrong_number_of_inputs": ("def forward(self, d):\n    return d", "wrong signature"),
    "required_keyword": ("def forward(self, d, A, *, block):\n    return d", "wrong signature"),
    "cut_off": ("x = d.unsqueeze(1)\nreturn x * (A +", "syntax error in line 2"),
    "cut_off_in_a_fence": ("```python\ndef forward(self, d, A):\n    x = torch.empty(", "syntax error"),
    "two_functions": ("def f(d, A):\n    return d\n\ndef g(d, A):\n    return A", "no return statement"),
}
"""The answer, and part of the reason."""

WITHOUT_MODEL_NEW: dict[str, tuple[str, str]] = {
    "refusal": ("I'm sorry, but I can't help with that.", "syntax error in line 1"),
    "reference_file": (f"```python\n{REFERENCE_FILE}```", "it repeats the reference"),
    "usage_alone": ("```python\nfrom kernel import ModelNew\nModelNew()\n```", "does not define ModelNew"),
    "outline": ("class ModelNew(nn.Module):\n    def forward(self, d, A):\n        pass", "forward does nothing"),
    "return_ellipsis": ("class ModelNew(nn.Module):\n    def forward(self, d, A):\n        return ...", "does nothing"),
    "no_forward": ("class ModelNew(nn.Module):\n    k = 1", "ModelNew has no forward"),
    "coroutine": ("class ModelNew(nn.Module):\n    async def forward(self, d, A):\n        return d", "coroutine"),
    "body_alone": (BODY, "does not define ModelNew"),
    "cut_off": ("```python\nclass ModelNew(nn.Module):\n    def forward(self, d", "syntax error"),
    "naive_class_alone": (
        f"class NaiveModel(nn.Module):\n    def forward(self, d, A):\n        {BODY}",
        "does not define ModelNew",
    ),
}
"""The answer, and part of the reason."""
