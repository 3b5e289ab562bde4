"""Further answers of the kinds in `answers_of_models`: what a kernel is wrapped in, for style forward_body."""

import json

from tests.tasks.answers_of_models import (
    BODY,
    CLASS,
    IN_TWO_LINES,
    MEANT,
    REFERENCE_BODY,
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

FORWARD_BODY: dict[str, tuple[str, str]] = {
    **FENCES,
    **REASONING,
    **MARKS,
    **CHARACTERS,
    **WRAPPED,
}
"""The answer, and what follows the reference in the kernel meant."""
