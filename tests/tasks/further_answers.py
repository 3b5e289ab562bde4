"""Further answers of the kinds in `answers_of_models`, and answers that hold no kernel."""

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

LINES = "x = d.unsqueeze(1)\nreturn x * A"
REFERENCE_MODEL = (
    f"class Model(nn.Module):\n    def __init__(self):\n        super().__init__()\n\n"
    f"    def forward(self, d, A):\n        {REFERENCE_BODY}\n"
)
REFERENCE_FILE = f"import torch\nimport torch.nn as nn\n\n{REFERENCE_MODEL}"
PATCHED = (
    f"class ModelNew(nn.Module):\n    def __init__(self):\n        super().__init__()\n\n"
    f"    def forward(self, d, A):\n        {BODY}\n"
)
FAST_DIAG = CLASS.replace("ModelNew", "FastDiag")
HARMONY = "<|start|>assistant<|channel|>"

FENCES = {
    "fence_space_before_language": (f"``` python\n{BODY}\n```", MEANT),
    "fence_in_braces": (f"```{{python}}\n{BODY}\n```", MEANT),
    "fence_with_title": (f'```python title="kernel.py"\n{BODY}\n```', MEANT),
    "fence_first_line_beside_it": (f"```python import math\n{BODY}\n```", forward(BODY, before="import math")),
    "fence_after_prose": (f"Here it is: ```python\n{LINES}\n```", IN_TWO_LINES),
    "fence_and_text_after_it": (f"```python\n{LINES}\n``` and done", IN_TWO_LINES),
    "fence_on_one_line": (f"```python {BODY}```", MEANT),
    "fence_closed_only": (f"{LINES}\n```", IN_TWO_LINES),
    "fence_closed_only_same_line": (f"{LINES}```", IN_TWO_LINES),
    "fence_closed_only_then_test": (f"{BODY}\n```\nTest:\n```python\nprint(Model()(d, A))\n```", MEANT),
    "fence_twice_opened": (f"```\n```python\n{BODY}\n```", MEANT),
    "fence_empty_first": (f"```python\n\n```\n```python\n{BODY}\n```", MEANT),
    "fence_in_markdown_fence": (f"```markdown\n# Solution\n```python\n{BODY}\n```\n```", MEANT),
    "fence_5_ticks_around_3": (f'`````python\n"""```\nm(d, A)\n```"""\n{BODY}\n`````', MEANT),
    "fence_tilde_unclosed": (f"~~~python\n{BODY}", MEANT),
    "fence_tilde_long": (f"~~~~py\n{BODY}\n~~~~", MEANT),
    "fence_tab": (f"\t```python\n\t{BODY}\n\t```", MEANT),
    "fence_list_item": (f"- ```python\n  {BODY}\n  ```", MEANT),
    "fence_list_two_lines": (
        "1. So:\n\n   ```python\n   x = d.unsqueeze(1)\n   return x * A\n   ```\n2. Done.",
        IN_TWO_LINES,
    ),
    "fence_quoted_twice": (f"> > ```python\n> > {BODY}\n> > ```", MEANT),
    "fence_quoted_unclosed": ("> ```python\n> x = d.unsqueeze(1)\n> return x * A", IN_TWO_LINES),
    "fence_escaped": (f"\\`\\`\\`python\n{BODY}\n\\`\\`\\`", MEANT),
    "fence_single_quotes": (f"'''python\n{BODY}\n'''", MEANT),
    "fence_double_quotes": (f'"""\n{BODY}\n"""', MEANT),
    "fence_suggestion": (f"```suggestion\n        {BODY}\n```", MEANT),
    "fence_in_string": (f"```python\ns = '''\n```\n'''\n{BODY}\n```", forward(f"s = '\\n```\\n'\n{BODY}")),
    "fence_marked_cuda": (f"```cuda\nimport torch\n{CLASS}```", MEANT),
    "indented_block": (f"Here is the body:\n\n    {BODY}\n\nNo matrix is built.", MEANT),
    "lines_in_prose": (f"Here is the body:\n{LINES}\nThis isn't slow.", IN_TWO_LINES),
    "inline_answer": (f"**Answer:** `{BODY}`", MEANT),
    "inline_in_a_sentence": (f"The final answer is `{BODY}`.", MEANT),
    "inline_replacement": (f"Replace `{REFERENCE_BODY}` with `{BODY}`.", MEANT),
    "label_before_code": (f"Answer: {BODY}", MEANT),
    "word_before_code": (f"Sure\n    {BODY}", MEANT),
    "file_name_before_code": (f"```\nmodel_new.py\n{CLASS}```", MEANT),
    "notebook_magic": (f"```python\n%%writefile kernel.py\n{CLASS}```", MEANT),
    "language_left_over": (f"python\n{BODY}", MEANT),
    "heading_before_code": (f"### Solution\n\n{BODY}", MEANT),
    "numbered_lines": ("1: x = d.unsqueeze(1)\n2: return x * A", IN_TWO_LINES),
}

REASONING = {
    "think_empty": (f"<think>\n\n</think>\n\n{BODY}", MEANT),
    "think_opened_by_the_prompt": (f"hm\n{REFERENCE_BODY}\n</think>\n{BODY}", MEANT),
    "think_after_the_answer": (f"{BODY}\n<think>is it right? {REFERENCE_BODY}", MEANT),
    "think_nested": (f"<think>a\n<think>b</think>\n{REFERENCE_BODY}\n</think>\n{BODY}", MEANT),
    "think_spoken_of": (f"<think>I think in <think> tags.\n</think>\n{BODY}", MEANT),
    "think_spoken_of_as_a_pair": (f"Put it into <think></think>. {REFERENCE_BODY}\n</think>\n{BODY}", MEANT),
    "think_other_name_closes": (f"<thinking>hm</think>\n{BODY}", MEANT),
    "think_with_attribute": (f'<thinking budget="100">hm</thinking>\n{BODY}', MEANT),
    "think_in_a_comment": (f"```python\n# see <think>\n{BODY}\n```", MEANT),
    "think_before_answer_tag": (f"<think>hm\n<answer>{BODY}</answer>", MEANT),
    "think_escaped": (f"&lt;think&gt;hm&lt;/think&gt;\n{BODY}", MEANT),
    "think_quoted": (f"> <think>hm</think>\n> {BODY}", MEANT),
    "think_in_the_fence": (f"```python\n<think>hm</think>\n{BODY}\n```", MEANT),
    "think_two": (f"<think>a</think>\n<think>{REFERENCE_BODY}</think>\n{BODY}", MEANT),
    "reasoning_tag": (f"<reasoning>\n{REFERENCE_BODY}\n</reasoning>\n<answer>\n{BODY}\n</answer>", MEANT),
    "thought_tag": (f"<Thought>hm</Thought>{BODY}", MEANT),
    "seed_think": (f"<seed:think>hm</seed:think>{BODY}<seed:eos>", MEANT),
    "scratchpad": (f"<scratchpad>{REFERENCE_BODY}</scratchpad>\n{BODY}", MEANT),
    "ant_thinking": (f"<antThinking>hm</antThinking>\n{BODY}", MEANT),
    "thinking_process": (f"<thinking_process>hm</thinking_process>\n{BODY}", MEANT),
    "think_triangles": (f"◁think▷hm◁/think▷{BODY}", MEANT),
    "think_brackets": (f"[THINK]{REFERENCE_BODY}[/THINK]{BODY}", MEANT),
    "begin_of_thought": (
        f"<|begin_of_thought|>hm<|end_of_thought|><|begin_of_solution|>{BODY}<|end_of_solution|>",
        MEANT,
    ),
    "start_thinking": (f"<|START_THINKING|>hm<|END_THINKING|><|START_RESPONSE|>{BODY}<|END_RESPONSE|>", MEANT),
    "inner_prefix": (f"<|inner_prefix|>hm<|inner_suffix|>{BODY}<|assistant_end|>", MEANT),
    "channel_thought": (f"<|channel>thought\n{REFERENCE_BODY}\n<channel|>{BODY}<turn|>", MEANT),
    "thought_in_words": (f"Here is my thought process:\n{REFERENCE_BODY}\nHere is my response:\n{BODY}", MEANT),
    "done_thinking": (f"Thinking...\n{REFERENCE_BODY}\n...done thinking.\n\n{BODY}", MEANT),
    "details_reasoning": (f'<details type="reasoning" done="true">\n{REFERENCE_BODY}\n</details>\n{BODY}', MEANT),
    "long_think_and_long_prose": (
        "<think>" + "x\n" * 60_000 + "</think>" + "so " * 60_000 + f"\n```\n{BODY}\n```",
        MEANT,
    ),
}

MARKS = {
    "im_start": (f"<|im_start|>assistant\n<think>\n\n</think>\n\n{BODY}<|im_end|>", MEANT),
    "im_end_then_a_dialogue": (
        f"{BODY}<|im_end|>\n<|im_start|>user\nFaster!<|im_end|>\n<|im_start|>assistant\n{REFERENCE_BODY}<|im_end|>",
        MEANT,
    ),
    "prompt_repeated": (
        f"<|im_start|>user\n{REFERENCE_BODY}<|im_end|>\n<|im_start|>assistant\n{BODY}<|im_end|>",
        MEANT,
    ),
    "another_document": (f"{BODY}<|endoftext|>{REFERENCE_BODY}", MEANT),
    "header_ids": (f"<|start_header_id|>assistant<|end_header_id|>\n\n{BODY}<|eot_id|>", MEANT),
    "header_left_over": (f"assistant\n\n{BODY}", MEANT),
    "start_of_turn": (f"<start_of_turn>model\n{BODY}<end_of_turn>", MEANT),
    "turn": (f"<|turn>model\n{BODY}<turn|>", MEANT),
    "inst": (f"[INST] {REFERENCE_BODY} [/INST] {BODY}</s>", MEANT),
    "bos_eos": (f"<s>{BODY}</s>", MEANT),
    "eos": (f"```python\n{BODY}\n```<eos>", MEANT),
    "phi": (f"<|assistant|>\n{BODY}<|end|>", MEANT),
    "zephyr": (f"<|user|>\n{REFERENCE_BODY}</s>\n<|assistant|>\n{BODY}</s>", MEANT),
    "deepseek": (f"<｜Assistant｜>{BODY}<｜end▁of▁sentence｜>", MEANT),
    "deepseek_coder": (f"```python\n{BODY}```<|EOT|>", MEANT),
    "command": (f"<|START_OF_TURN_TOKEN|><|CHATBOT_TOKEN|>{BODY}<|END_OF_TURN_TOKEN|>", MEANT),
    "mark_cut": (f"{BODY}<|im_en", MEANT),
    "mark_in_a_string": (f"```python\ns = '<|im_end|>'\n{BODY}\n```", forward(f"s = '<|im_end|>'\n{BODY}")),
    "python_brackets": (f"[PYTHON]\n{BODY}\n[/PYTHON]", MEANT),
    "harmony_final_only": (f"think<|end|>{HARMONY}final<|message|>{BODY}<|return|>", MEANT),
    "harmony_commentary_first": (
        (
            f"{HARMONY}commentary<|message|>{REFERENCE_BODY}<|end|>"
            f"{HARMONY}final <|constrain|>python<|message|>{BODY}<|return|>"
        ),
        MEANT,
    ),
    "harmony_call": (
        (
            "<|channel|>analysis<|message|>hm<|end|>"
            f"{HARMONY}commentary to=functions.submit <|constrain|>json<|message|>{json.dumps({'code': LINES})}<|call|>"
        ),
        IN_TWO_LINES,
    ),
    "harmony_without_marks": (f"analysisWe try {REFERENCE_BODY}.assistantfinal{BODY}", MEANT),
}

CHARACTERS = {
    "zero_width": ("return d.unsque\u200beze(1)\u2060 * A\u200b", MEANT),
    "ideographic_space": ("return d.unsqueeze(1)\u3000*\u3000A", MEANT),
    "full_width": ("return d.unsqueeze（1） ＊ A", MEANT),
    "narrow_spaces": ("x\u202f=\u2009d.unsqueeze(1)\nreturn\u00a0x * A", IN_TWO_LINES),
    "double_curly": (f"s = “it’s”\n{BODY}", forward(f's = "it’s"\n{BODY}')),
    "curly_docstring": (f"“““Scales.”””\n{BODY}", MEANT),
    "acute_quotes": (f"s = ´x´\n{BODY}", forward(f"s = 'x'\n{BODY}")),
    "quotes_within_a_string_stay": (f"s = 'a’b × c'\n{BODY.replace('*', '×')}", forward(f"s = 'a’b × c'\n{BODY}")),
    "en_dash": ("return d.unsqueeze(–1) * A", forward("return d.unsqueeze(-1) * A")),
    "signs": (f"if 1 ≤ 2 and 1 ≠ 2:\n    {BODY}", forward(f"if 1 <= 2 and 1 != 2:\n    {BODY}")),
    "square": ("return (d.unsqueeze(1) * A)²", forward("return (d.unsqueeze(1) * A) ** 2")),
    "markdown_escapes": ("x\\_y = d.unsqueeze(1)\nreturn x\\_y \\* A", forward("x_y = d.unsqueeze(1)\nreturn x_y * A")),
    "line_separator": ("x = d.unsqueeze(1)\u2028return x * A", IN_TWO_LINES),
    "bom_inside": (f"```python\n\ufeff{BODY}\n```", MEANT),
}

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

WRAPPED = {
    "diff_with_context": (
        (
            f"```diff\n class Model(nn.Module):\n     def forward(self, d, A):\n-        {REFERENCE_BODY}\n"
            "+        x = d.unsqueeze(1)\n+        return x * A\n```"
        ),
        IN_TWO_LINES,
    ),
    "diff_unified": (
        (
            "--- a/model.py\n+++ b/model.py\n@@ -14,2 +14,2 @@\n     def forward(self, d, A):\n"
            f"-        {REFERENCE_BODY}\n+        {BODY}\n"
        ),
        PATCHED,
    ),
    "diff_in_prose": (f"Change this:\n-        {REFERENCE_BODY}\n+        {BODY}\nDone.", PATCHED),
    "diff_search_and_replace": (
        f"<<<<<<< SEARCH\n        {REFERENCE_BODY}\n=======\n        {BODY}\n>>>>>>> REPLACE",
        PATCHED,
    ),
    "diff_patch_marks": (
        (
            "*** Begin Patch\n*** Update File: model.py\n@@ def forward\n"
            f"-        {REFERENCE_BODY}\n+        {BODY}\n*** End Patch"
        ),
        PATCHED,
    ),
    "diff_less_indented": (f"```diff\n-{REFERENCE_BODY}\n+{BODY}\n```", PATCHED),
    "repl_two_lines": (">>> x = d.unsqueeze(1)\n>>> return x * A", IN_TWO_LINES),
    "repl_def": (f">>> def forward(self, d, A):\n...     {BODY}\n...", MEANT),
    "repl_ipython": (f"In [1]: def forward(self, d, A):\n   ...:     {BODY}\n   ...: ", MEANT),
    "repl_in_a_fence": (f"```pycon\n>>> {BODY}\n```", MEANT),
    "json_in_a_fence": (f"```json\n{json.dumps({'code': LINES}, indent=2)}\n```", IN_TWO_LINES),
    "json_in_prose": (f"Here: {json.dumps({'code': LINES})} - done", IN_TWO_LINES),
    "json_with_a_fence": (json.dumps({"code": f"```python\n{LINES}\n```"}), IN_TWO_LINES),
    "json_lines": (json.dumps({"code": LINES.split("\n")}), IN_TWO_LINES),
    "json_with_reasoning": (
        json.dumps({"reasoning": REFERENCE_BODY, "code": LINES, "tests": "return d"}),
        IN_TWO_LINES,
    ),
    "json_line_breaks": ('{"code": "x = d.unsqueeze(1)\nreturn x * A"}', IN_TWO_LINES),
    "json_cut": (f'{{"code": "{BODY}', MEANT),
    "json_in_json": (json.dumps({"name": "f", "arguments": json.dumps({"code": LINES})}), IN_TWO_LINES),
    "json_string": (json.dumps(LINES), IN_TWO_LINES),
    "json_messages": (
        json.dumps([{"role": "user", "content": REFERENCE_FILE}, {"role": "assistant", "content": LINES}]),
        IN_TWO_LINES,
    ),
    "python_dict": (f"{{'code': '''{LINES}''',}}", IN_TWO_LINES),
    "python_call": (f'submit(code="""{LINES}""")', IN_TWO_LINES),
    "line_breaks_escaped": ("x = d.unsqueeze(1)\\nreturn x * A", IN_TWO_LINES),
    "yaml": ("code: |\n  x = d.unsqueeze(1)\n  return x * A\n", IN_TWO_LINES),
    "html_that_parses": (f"x = d &lt; 1\n{BODY}", forward(f"x = d < 1\n{BODY}")),
    "html_quotes": (f"```python\ns = &quot;a&#39;&quot;\n{BODY}\n```", forward(f's = "a\'"\n{BODY}')),
    "html_twice": (f"if 1 &amp;lt; 2:\n    {BODY}", forward(f"if 1 < 2:\n    {BODY}")),
    "html_tags": (
        f'<pre><code class="language-python">x = d &lt; 1\n{BODY}\n</code></pre>',
        forward(f"x = d < 1\n{BODY}"),
    ),
    "html_line_breaks": ("x = d.unsqueeze(1)<br>return x * A", IN_TWO_LINES),
    "tag_code": (f"<code>\n{BODY}\n</code>", MEANT),
    "tag_answer_upper_case": (f"<ANSWER>{BODY}</ANSWER>", MEANT),
    "tag_unclosed": (f"<answer>\n{LINES}", IN_TWO_LINES),
    "tag_closed_only": (f"{LINES}\n</code>", IN_TWO_LINES),
    "tag_around_fence": (f"<kernel>\n```python\n{BODY}\n```\n</kernel>", MEANT),
    "tag_in_fence": (f"```xml\n<kernel>\n{BODY}\n</kernel>\n```", MEANT),
    "tag_cdata": (f"<code language='python'><![CDATA[\n{BODY}\n]]></code>", MEANT),
    "tag_of_its_own_name": (f"<optimized_code>\n{LINES}\n</optimized_code>", IN_TWO_LINES),
    "tag_then_explanation": (f"<answer>\n{LINES}\n</answer>\n<explanation>return early</explanation>", IN_TWO_LINES),
    "tool_call": (
        f"<tool_call>\n{json.dumps({'name': 'f', 'arguments': {'code': LINES}})}\n</tool_call>",
        IN_TWO_LINES,
    ),
    "tool_parameter": (f"<function=submit><parameter=code>\n{LINES}\n</parameter></function>", IN_TWO_LINES),
    "tool_invoke": (f'<invoke name="f"><parameter name="code">{LINES}</parameter></invoke>', IN_TWO_LINES),
    "tool_arg_value": (
        f"<tool_call>f\n<arg_key>code</arg_key>\n<arg_value>{LINES}</arg_value>\n</tool_call>",
        IN_TWO_LINES,
    ),
    "tool_mistral": (f"[TOOL_CALLS][{json.dumps({'name': 'f', 'arguments': {'code': LINES}})}]", IN_TWO_LINES),
    "tool_kimi": (
        f"<|tool_call_begin|>f:0<|tool_call_argument_begin|>{json.dumps({'code': LINES})}<|tool_call_end|>",
        IN_TWO_LINES,
    ),
    "tool_deepseek": (
        f"<｜tool▁call▁begin｜>function<｜tool▁sep｜>f\n```json\n{json.dumps({'code': LINES})}\n```<｜tool▁call▁end｜>",
        IN_TWO_LINES,
    ),
    "tool_gemma": (f'<|tool_call>call:f{{code:<|"|>{LINES}<|"|>}}<tool_call|>', IN_TWO_LINES),
    "tool_llama": (f'<|python_tag|>f.call(code="{BODY}")<|eom_id|>', MEANT),
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

FORWARD_BODY: dict[str, tuple[str, str]] = {
    **FENCES,
    **REASONING,
    **MARKS,
    **CHARACTERS,
    **SIGNATURES,
    **BESIDE,
    **SEVERAL_BLOCKS,
    **WRAPPED,
    **OFFERED_REFERENCE,
}
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
