"""Answers of chats, terminals and typesetters: in packaging of their own, or beside code that is not meant."""

from tests.tasks.answers_of_models import BODY, CLASS, FILE, IN_TWO_LINES, MEANT, REFERENCE_BODY, SCALE, SCALED, forward

LINES = "x = d.unsqueeze(1)\nreturn x * A"
FUNCTION = f"def forward(self, d, A):\n    {BODY}"
FENCED = f"```python\n{BODY}\n```"
OTHER_BODY = "return torch.einsum('i,ij->ij', d, A)"
OTHER = f"```python\n{OTHER_BODY}\n```"
WITH_IF = "x = d.unsqueeze(1)\nif x.dim() > 1:\n    x = x * 1.0\nreturn x * A"
SHIFTED = "x = 1 << 2\nreturn d.unsqueeze(1) * A * x"
IF_MEANT = forward(WITH_IF)


def numbered(code: str, mark: str, before: str = "") -> str:
    """Lines with their numbers, as an editor shows them."""
    return "\n".join(f"{before}{number}{mark}{line}".rstrip() for number, line in enumerate(code.split("\n"), 1))


def tag(name: str, text: str, attributes: str = "") -> str:
    """A text between two tags."""
    return f"<{name}{attributes}>{text}</{name}>"


TRACEBACK = (
    "Traceback (most recent call last):\n"
    f'  File "/tmp/kernel.py", line 12, in forward\n    {BODY}\n           ~~~~~~~~~~~~~~~^~~\n'
    "RuntimeError: The size of tensor a (3) must match"
)

SHELLS = {
    "heredoc": (f"```bash\ncat > kernel.py <<'EOF'\n{LINES}\nEOF\n```", IN_TWO_LINES),
    "heredoc_unquoted": (f"```sh\ncat <<END > kernel.py\n{LINES}\nEND\npython kernel.py\n```", IN_TWO_LINES),
    "heredoc_double_quoted": (f'```bash\n$ cat >kernel.py << "PY_END"\n{LINES}\nPY_END\n$ ls\n```', IN_TWO_LINES),
    "heredoc_indented": (
        "```bash\ncat <<-'EOF' | tee kernel.py\n\tx = d.unsqueeze(1)\n\treturn x * A\n\tEOF\n```",
        IN_TWO_LINES,
    ),
    "heredoc_after_commands": (
        f"```bash\nset -e\nmkdir -p out && cd out\ncat <<EOF >> k.py\n{CLASS}EOF\npython -c 'import k'\n```",
        MEANT,
    ),
    "heredoc_of_a_file": (f"```bash\ntee kernel.py > /dev/null <<'EOF'\n{FILE}EOF\n```", MEANT),
    "heredoc_without_a_fence": (f"Run this:\n\ncat > kernel.py <<'EOF'\n{LINES}\nEOF\n\nIt is fast.", IN_TWO_LINES),
    "heredoc_without_an_end": (f"```bash\ncat > kernel.py <<'EOF'\n{LINES}\n```", IN_TWO_LINES),
    "heredoc_escaped_word": (f"```bash\ncat > kernel.py <<\\EOF\n{LINES}\nEOF\n```", IN_TWO_LINES),
    "heredoc_to_python": (f"```console\n$ python - <<'PY'\n{CLASS}PY\n```", MEANT),
    "heredoc_of_two_files": (
        f"```bash\ncat > helpers.py <<'EOF'\n{SCALE}EOF\ncat > kernel.py <<'EOF'\nreturn scale(d, A)\nEOF\n```",
        SCALED,
    ),
    "heredoc_then_test": (
        (
            f"```bash\ncat > kernel.py <<'EOF'\n{CLASS}EOF\n"
            "cat > test.py <<'EOF'\nfrom kernel import ModelNew\nprint(ModelNew())\nEOF\n```"
        ),
        MEANT,
    ),
    "powershell": (f"```powershell\n@'\n{LINES}\n'@ | Set-Content kernel.py\n```", IN_TWO_LINES),
    "powershell_variable": (f'```powershell\n$code = @"\n{LINES}\n"@\n$code | Out-File k.py\n```', IN_TWO_LINES),
    "here_string": (f"```bash\ncat > kernel.py <<< '{LINES}'\n```", IN_TWO_LINES),
    "echo": (f"```bash\necho '{BODY}' > kernel.py\n```", MEANT),
    "heredoc_in_the_json_of_a_call": (
        '{"cmd": ["bash", "-lc", "cat > k.py <<\'EOF\'\\nx = d.unsqueeze(1)\\nreturn x * A\\nEOF"]}',
        IN_TWO_LINES,
    ),
    "heredoc_of_a_patch": (
        (
            "```bash\napply_patch <<'EOF'\n*** Begin Patch\n*** Add File: k.py\n+x = d.unsqueeze(1)\n"
            "+return x * A\n*** End Patch\nEOF\n```"
        ),
        IN_TWO_LINES,
    ),
    "heredoc_in_a_notebook": (f"```\n%%bash\ncat > k.py <<'EOF'\n{LINES}\nEOF\n```", IN_TWO_LINES),
    "echo_line_by_line": ("```bash\necho 'x = d.unsqueeze(1)' > k.py\necho 'return x * A' >> k.py\n```", IN_TWO_LINES),
    "shift_is_no_heredoc": (f"```python\n{SHIFTED}\n```", forward(SHIFTED)),
    "heredoc_in_a_string": (
        f"```python\ns = '''cat <<EOF\nEOF'''\n{BODY}\n```",
        forward(f"s = 'cat <<EOF\\nEOF'\n{BODY}"),
    ),
}

LABELS_OF_ASIDES = {
    "aside_broken": "The broken version was:",
    "aside_failed": "I first tried this, which failed:",
    "aside_never": "Never do this:",
    "aside_dont": "Don't do this:",
    "aside_dont_curly": "Please don’t write",
    "aside_do_not": "Do **not** use the following:",
    "aside_condition": "If A were 1-D, you would write:",
    "aside_condition_other": "For a batched input, you could use:",
    "aside_less_accurate": "Optional (less accurate):",
    "aside_optional": "Optional:",
    "aside_did_not_work": "This did not work:",
    "aside_slower": "A slower but simpler variant:",
    "aside_better_than": "It is better than writing",
    "aside_earlier": "My earlier attempt was",
    "aside_bug": "A common bug is to write:",
    "aside_mistake": "The mistake would be:",
    "aside_would_fail": "This would fail for large inputs:",
    "aside_not_recommended": "Not recommended:",
    "aside_if_you_prefer": "If you prefer einsum:",
    "aside_one_might": "In half precision one might write:",
    "aside_untested": "Untested:",
    "aside_deprecated": "Deprecated:",
    "aside_rejected": "I also considered, and rejected:",
    "aside_pseudocode": "In pseudocode:",
    "aside_cannot": "You cannot write:",
    "aside_wont_work": "The following won't work:",
    "aside_bad": "❌ Bad:",
    "aside_crashed": "What crashed:",
    "aside_must_not": "It must not be written as",
    "aside_buggy": "Buggy:",
    "aside_not_this": "Not this:",
    "aside_rather_than": "rather than",
    "aside_instead_of": "instead of",
    "aside_not_used": "I did not use this one:",
    "aside_worse": "This is worse:",
    "aside_raises": "This raises an error:",
    "aside_case": "In the case where d is complex, it would be:",
    "aside_suppose": "Suppose A were sparse. Then one could write:",
    "aside_fallback": "Fallback:",
    "aside_cross": "❌ Don't:",
}
"""What an answer says of code that it does not mean, after the kernel."""
LABELS_OF_KERNELS = {
    "meant_fixed": "That was wrong. The fixed version:",
    "meant_if_so": "If we avoid the matrix, we get:",
    "meant_does_not": "This does not build the matrix:",
    "meant_instead": "Instead of a matrix, scale the rows:",
    "meant_wont": "This won't allocate a matrix:",
    "meant_failed": "The first one failed, so here is the corrected one:",
    "meant_nothing_said": "",
    "meant_optimized": "Optimized version:",
    "meant_now": "Now without einsum:",
    "meant_dont": "Don't use that; use this:",
    "meant_never": "This never builds the matrix:",
    "meant_if_needed": "If memory matters, use this:",
    "meant_could": "Even faster, you could write:",
    "meant_right": "The right way:",
    "meant_fixes": "This fixes the bug:",
    "meant_so_that": "To never fail, we would rather scale the rows. Final answer:",
}
"""What an answer says of the kernel, which comes after another one."""
ASIDES = {
    **{name: (f"{FENCED}\n\n{label}\n\n{OTHER}", MEANT) for name, label in LABELS_OF_ASIDES.items()},
    **{name: (f"{OTHER}\n\n{label}\n\n{FENCED}", MEANT) for name, label in LABELS_OF_KERNELS.items()},
    "aside_before": (f"The broken version was:\n\n{OTHER}\n\nHere it is:\n\n{FENCED}", MEANT),
    **{
        f"sole_{name}": (f"{label}\n\n{FENCED}", MEANT)
        for name, label in {
            "reference_fails": "The reference fails to use broadcasting:",
            "original_is_wrong": "torch.diag is wrong here:",
            "never_fails": "This one never fails:",
            "cannot_do_better": "You cannot do better than this:",
            "you_can_use": "For better performance, you can use:",
            "your_code": "Your code was broken:",
            "optional": "Optional:",
        }.items()
    },
    "question_after_a_kernel": (f"{FENCED}\n\nDo you want me to explain it?", MEANT),
    "aside_in_a_comment": (f"{FENCED}\n\n```python\n# Wrong:\n{OTHER_BODY}\n```", MEANT),
    "aside_of_two_lines": (f"{FENCED}\n\nI first tried something that\nfailed, namely\n\n{OTHER}", MEANT),
}

HELPERS = {
    "helpers_in_a_named_block": (
        (
            f"`helpers.py`:\n```python\n{SCALE}```\n`kernel.py`:\n```python\nfrom helpers import scale\n\n"
            "def forward(self, d, A):\n    return scale(d, A)\n```"
        ),
        SCALED,
    ),
    "helpers_relative": (
        f"# helpers.py\n```python\n{SCALE}```\n```python\nfrom .helpers import scale\nreturn scale(d, A)\n```",
        SCALED,
    ),
    "helpers_after": (
        f"```python\nfrom helpers import scale\nreturn scale(d, A)\n```\nhelpers.py:\n```python\n{SCALE}```",
        SCALED,
    ),
    "helpers_named_in_a_comment": (
        f"```python\n# helpers.py\n{SCALE}```\n```python\n# k.py\nfrom helpers import scale\nreturn scale(d, A)\n```",
        SCALED,
    ),
    "helpers_named_beside_the_fence": (
        f"```python:helpers.py\n{SCALE}```\n```python:k.py\nfrom helpers import scale\nreturn scale(d, A)\n```",
        SCALED,
    ),
    "helpers_in_a_package": (
        f"ops/helpers.py\n```python\n{SCALE}```\n```python\nfrom ops.helpers import scale\nreturn scale(d, A)\n```",
        SCALED,
    ),
}

TYPESET = {
    "boxed": (f"The answer is $\\boxed{{{BODY}}}$", MEANT),
    "boxed_inline_code": (f"\\boxed{{`{BODY}`}}", MEANT),
    "boxed_fence": (f"\\boxed{{\n```python\n{LINES}\n```\n}}", IN_TWO_LINES),
    "boxed_fence_beside": (f"$$\\boxed{{```python\n{LINES}\n```}}$$", IN_TWO_LINES),
    "boxed_lines": (f"So:\n\\[\n\\boxed{{\n{LINES}\n}}\n\\]", IN_TWO_LINES),
    "boxed_braces": (
        "\\boxed{k = {'a': 1}\nreturn d.unsqueeze(1) * A * k['a']}",
        forward("k = {'a': 1}\nreturn d.unsqueeze(1) * A * k['a']"),
    ),
    "boxed_text": (f"\\boxed{{\\text{{{BODY}}}}}", MEANT),
    "boxed_texttt": (f"\\fbox{{\\texttt{{{BODY}}}}}", MEANT),
    "boxed_twice": (f"\\boxed{{{REFERENCE_BODY}}} is slow. \\boxed{{{BODY}}}", MEANT),
    "latex_verb": (f"The body is \\verb|{BODY}|.", MEANT),
    "latex_verbatim": (f"\\begin{{verbatim}}\n{LINES}\n\\end{{verbatim}}", IN_TWO_LINES),
    "latex_lstlisting": (f"\\begin{{lstlisting}}[language=Python]\n{LINES}\n\\end{{lstlisting}}", IN_TWO_LINES),
    "latex_minted": (f"\\begin{{minted}}{{python}}\n{LINES}\n\\end{{minted}}", IN_TWO_LINES),
    "bbcode": (f"[code=python]\n{LINES}\n[/code]", IN_TWO_LINES),
    "bbcode_plain": (f"Here:\n[code]{LINES}[/code]\nDone.", IN_TWO_LINES),
    "bbcode_upper_case": (f"[CODE lang=python]{LINES}[/CODE]", IN_TWO_LINES),
    "bbcode_named": (f"[python]\n{LINES}\n[/python]", IN_TWO_LINES),
    "bbcode_is_no_index": (
        f"```python\ncode = 0\nx = [1][code]\n{BODY}\n```",
        forward(f"code = 0\nx = [1][code]\n{BODY}"),
    ),
    "jira": (f"{{code:python}}\n{LINES}\n{{code}}", IN_TWO_LINES),
    "jira_noformat": (f"{{noformat}}\n{LINES}\n{{noformat}}", IN_TWO_LINES),
    "rst": ("Here:\n\n.. code-block:: python\n\n    x = d.unsqueeze(1)\n    return x * A\n\nDone.", IN_TWO_LINES),
    "org": (f"#+BEGIN_SRC python\n{LINES}\n#+END_SRC", IN_TWO_LINES),
    "asciidoc": (f"[source,python]\n----\n{LINES}\n----", IN_TWO_LINES),
    "wiki": (tag("syntaxhighlight", f"\n{LINES}\n", ' lang="python"'), IN_TWO_LINES),
    "curly_quotes": (f"“{BODY}”", MEANT),
    "curly_quotes_on_a_line": (f"Write:\n\n“{BODY}”\n\nThat is all.", MEANT),
    "single_curly_quotes": (f"The body is:\n‘{BODY}’", MEANT),
    "guillemets": (f"«{BODY}»", MEANT),
    "straight_quotes": (f'"{BODY}"', MEANT),
    "straight_quotes_on_a_line": (f'Write:\n\n"{BODY}"\n', MEANT),
    "curly_quotes_of_two_lines": (f"“{LINES}”", IN_TWO_LINES),
    "quotes_in_a_sentence": (f"The final body is “{BODY}”.", MEANT),
    "bold_line_by_line": ("**x = d.unsqueeze(1)**\n**return x * A**", IN_TWO_LINES),
    "bold": (f"**{BODY}**", MEANT),
    "bold_on_a_line": (f"Answer:\n\n**{BODY}**\n\nDone.", MEANT),
    "bold_underscores": (f"__{BODY}__", MEANT),
    "bold_code": (f"**`{BODY}`**", MEANT),
    "bold_italic": (f"***{BODY}***", MEANT),
    "italic": (f"*{BODY}*", MEANT),
    "double_backticks": (f"``{BODY}``", MEANT),
    "html_bold": (tag("b", BODY), MEANT),
    "table": (f"| Part | Code |\n|---|---|\n| forward | `{BODY}` |", MEANT),
    "table_without_ticks": (f"| body |\n|:--|\n| {BODY} |", MEANT),
    "table_line_breaks": ("| body |\n|---|\n| `x = d.unsqueeze(1)`<br>`return x * A` |", IN_TWO_LINES),
    "table_two_rows": (
        f"| version | code |\n|---|---|\n| original | `{REFERENCE_BODY}` |\n| optimized | `{BODY}` |",
        MEANT,
    ),
    "table_two_columns": (f"| original | optimized |\n|---|---|\n| `{REFERENCE_BODY}` | `{BODY}` |", MEANT),
    "table_without_edges": (f"part | code\n--- | ---\nforward | `{BODY}`", MEANT),
    "footnote": (f"See the note.[^1]\n\n[^1]: `{BODY}`", MEANT),
    "footnote_fence": (f"See the note.[^1]\n\n[^1]:\n    ```python\n    {BODY}\n    ```", MEANT),
}

TERMINALS = {
    "ansi": ("\x1b[1m\x1b[34mreturn\x1b[0m d.unsqueeze(\x1b[33m1\x1b[39m) * A\x1b[0m", MEANT),
    "ansi_in_a_fence": (
        "\x1b[2m```python\x1b[0m\n\x1b[38;5;204mreturn\x1b[0m d.unsqueeze(1) * A\n\x1b[2m```\x1b[0m",
        MEANT,
    ),
    "ansi_link": (f"\x1b]8;;file:///k.py\x07k.py\x1b]8;;\x07\n```python\n{BODY}\n```", MEANT),
    "ansi_erase": (f"\x1b[2K\r{BODY}\x1b[K", MEANT),
    "ansi_as_one_character": ("\x9b1mreturn\x9b0m d.unsqueeze(1) * A", MEANT),
    "numbered_colon": (numbered(WITH_IF, ": "), IF_MEANT),
    "numbered_bar": (numbered(WITH_IF, " | "), IF_MEANT),
    "numbered_bar_in_a_fence": (f"```python\n{numbered(WITH_IF, ' | ', '  ')}\n```", IF_MEANT),
    "numbered_def": (f"Here:\n```\n{numbered(FUNCTION, ': ')}\n```\nDone.", MEANT),
    "numbered_in_prose": (f"Here it is:\n\n{numbered(FUNCTION, ': ')}\n\nDone.", MEANT),
    "numbered_tab": (numbered(WITH_IF, "\t"), IF_MEANT),
    "numbered_spaces": (f"```python\n{numbered(WITH_IF, '  ')}\n```", IF_MEANT),
    "numbered_dot": (f"```\n{numbered(WITH_IF, '. ')}\n```", IF_MEANT),
    "numbered_parenthesis": (f"```\n{numbered(WITH_IF, ') ')}\n```", IF_MEANT),
    "numbered_arrow": (f"```\n{numbered(WITH_IF, '→')}\n```", IF_MEANT),
    "numbered_line": (f"```\n{numbered(WITH_IF, ': ', 'L')}\n```", IF_MEANT),
    "numbered_brackets": (f"```\n{numbered(WITH_IF, '] ', '[')}\n```", IF_MEANT),
    "numbered_word": (f"```\n{numbered(WITH_IF, ': ', 'Line ')}\n```", IF_MEANT),
    "numbered_from_nine": ("```\n 9 | x = d.unsqueeze(1)\n10 | return x * A\n```", IN_TWO_LINES),
    "numbered_with_a_rule": (f"```\n{numbered(LINES, ' │ ')}\n```", IN_TWO_LINES),
    "traceback_then_kernel": (f"{TRACEBACK}\n\nSo:\n\n{LINES}", IN_TWO_LINES),
    "box_drawn": (f"┌──────────┐\n│ {BODY}   │\n└──────────┘", MEANT),
    "soft_hyphens": ("re\u00adturn d.un\u00adsqueeze(1) * A", MEANT),
    "soft_hyphens_in_a_fence": ("``\u00ad`python\nre\u00adturn d.un\u00adsqueeze(1) * A\n```", MEANT),
    "soft_hyphens_in_prose": (
        "Here it is:\n\nx = d.un\u00adsqueeze(1)\nre\u00adturn x * A\n\nIt is fast.",
        IN_TWO_LINES,
    ),
    "zero_width_in_a_keyword": ("ret\u200burn d.unsqueeze(1) * A", MEANT),
    "zero_width_in_a_fence": (f"`\u200b`\u200b`python\n{BODY}\n`\u200b`\u200b`", MEANT),
}

DSML = "｜DSML｜"
TOOLS = {
    "dsml": (
        tag(
            f"{DSML}function_calls",
            tag(
                f"{DSML}invoke",
                tag(f"{DSML}parameter", "k.py", ' name="path" string="true"')
                + tag(f"{DSML}parameter", LINES, ' name="content" string="true"'),
                ' name="write"',
            ),
        ),
        IN_TWO_LINES,
    ),
    "dsml_parameter_alone": (tag(f"{DSML}parameter", f"\n{LINES}\n", ' name="content"'), IN_TWO_LINES),
    "dsml_cut": (f'<{DSML}invoke name="write"><{DSML}parameter name="content" string="true">{LINES}', IN_TWO_LINES),
    "dsml_ascii": (tag("|DSML|invoke", tag("|DSML|parameter", LINES, ' name="content"')), IN_TWO_LINES),
    "tool_in_a_namespace": (
        tag("x:tool_call", tag("x:invoke", tag("x:parameter", LINES, ' name="code"'), ' name="f"')),
        IN_TWO_LINES,
    ),
    "tool_write_to_file": (
        tag("write_to_file", tag("path", "k.py") + tag("content", f"\n{LINES}\n")),
        IN_TWO_LINES,
    ),
    "tool_artifact": (tag("boltArtifact", tag("boltAction", LINES, ' type="file"'), ' id="k"'), IN_TWO_LINES),
    "think_open_then_final_answer": (f"<think>\nhm {REFERENCE_BODY}\n\nFinal answer:\n{FENCED}", MEANT),
    "think_open_then_bold_final_answer": (f"<think>\nhm\n\n**Final Answer**\n\n{FENCED}", MEANT),
    "think_open_then_heading": (f"<think>\nhm\n\n### Final Answer:\n{LINES}", IN_TWO_LINES),
    "think_open_then_final_code": (f"<think>hm\n\nFinal code:\n\n{FENCED}", MEANT),
    "think_open_then_so": (f"<think>hm\nSo the final answer is:\n\n{FENCED}\nNo matrix is built.", MEANT),
    "think_open_then_boxed": (f"<think>hm\n\n**Final Answer:** \\boxed{{{BODY}}}", MEANT),
}

FORWARD_BODY: dict[str, tuple[str, str]] = {**SHELLS, **ASIDES, **HELPERS, **TYPESET, **TERMINALS, **TOOLS}
"""The answer in style forward_body, and what follows the reference in the kernel meant."""

NEEDS_A_FILE = "needs a second file"
WITHOUT_FORWARD_BODY: dict[str, tuple[str, str]] = {
    "empty": ("", "empty response"),
    "white_space": (" \n\t\u00a0\u3000\n", "empty response"),
    "invisible": ("\ufeff\u200b\u200b\n\u2060", "empty response"),
    "traceback": (TRACEBACK, "traceback"),
    "traceback_in_a_fence": (f"It says:\n```\n{TRACEBACK}\n```", "traceback"),
    "traceback_in_python": (f"```python\n{TRACEBACK}\n```\nWhy?", "traceback"),
    "traceback_of_one_frame": (
        f'  File "kernel.py", line 3\n    {BODY}\n    ^\nSyntaxError: invalid syntax',
        "traceback",
    ),
    "traceback_of_a_notebook": (
        (
            f"Cell In[3], line 2, in forward(self, d, A)\n      1 def forward(self, d, A):\n----> 2     {BODY}\n\n"
            "RuntimeError: size mismatch"
        ),
        "traceback",
    ),
    "traceback_of_pytest": (
        f"```\n    def forward(self, d, A):\n>       {BODY}\nE       RuntimeError: bad\n```",
        "traceback",
    ),
    "reference_asked_about": (f"```python\n{REFERENCE_BODY}\n```\nDo you want me to use this?", "reference"),
    "reference_asked_about_before": (f"Do you want me to use this?\n```python\n{REFERENCE_BODY}\n```", "reference"),
    "reference_shall_i": (f"Should I optimize this one?\n\n{REFERENCE_BODY}\n", "syntax error"),
    "reference_is_this": (f"Is this the code?\n```\n{REFERENCE_BODY}\n```\nPlease confirm.", "reference"),
    "choice": ("A: return d", "syntax error"),
    "choice_in_a_list": ("A) return d\nB) return A", "syntax error"),
    "choice_with_a_point": ("A. return d", "syntax error"),
    "choices_in_bullets": ("- return d\n- return A", "syntax error"),
    "choices_with_points": ("1. return d\n2. return A", "syntax error"),
    "choices_with_colons": ("1: return d\n2: return A", "syntax error"),
    "prose_in_quotes": ("They said\n“return early”\nand left.", "syntax error"),
    "prose_in_bold": ("**return policy**", "syntax error"),
    "prose_in_a_table": ("| a | b |\n|---|---|\n| return early | no |", "syntax error"),
    "prose_in_a_box": ("\\boxed{return early}", "syntax error"),
    "prose_printed": ("```bash\necho 'return early'\n```", "syntax error"),
    "question_and_answer": ("Q: what now?\nA: return d", "syntax error"),
    "steps": ("Step 1: return d", "syntax error"),
    "helpers_reached_as_a_module": (
        f"helpers.py\n```python\n{SCALE}```\n```python\nimport helpers\nreturn helpers.scale(d, A)\n```",
        NEEDS_A_FILE,
    ),
    "helpers_missing_relative": ("```python\nfrom .helpers import scale\nreturn scale(d, A)\n```", NEEDS_A_FILE),
    "never_alone": (f"Never do this:\n{OTHER}", "not the answer"),
    "broken_alone": (f"The broken version was:\n{OTHER}\nI have no better one.", "not the answer"),
    "wont_work_alone": (f"The following won't work:\n{OTHER}", "not the answer"),
    "heredoc_of_text": ("```bash\ncat > notes.txt <<EOF\nreturn early\nEOF\n```", "no return statement"),
    "shell_alone": ("```bash\nexport A=1\nreturn 0\n```", "syntax error"),
    "think_open": (f"<think>\n{FENCED}\nlet me check", "reasoning"),
    "think_open_answer_spoken_of": (f"<think>\nThe final answer: will be {BODY}? no, {OTHER_BODY}", "reasoning"),
    "think_open_then_more": (f"<think>\nFinal answer:\n{FENCED}\nWait, that is wrong. Let me check.", "reasoning"),
    "log": (f"INFO: return d\nERROR: {BODY}", "syntax error"),
}
"""The answer in style forward_body, and part of the reason why it gives no kernel."""
