"""What shells, typesetters, terminals and chats wrap a kernel in: functions of a kernel of any style and length."""

import json
from collections.abc import Callable

Wrap = Callable[[str], str]


def _heredoc(command: str, end: str) -> Wrap:
    return lambda code: f"```bash\nset -e\n{command}\n{code.rstrip()}\n{end}\npython kernel.py\n```"


def _bare_heredoc(command: str, end: str) -> Wrap:
    return lambda code: f"Run this:\n\n{command}\n{code.rstrip()}\n{end}\n\nIt's done."


HEREDOCS = {
    "quoted": ("cat > kernel.py <<'EOF'", "EOF"),
    "unquoted": ("cat > kernel.py << EOF", "EOF"),
    "double_quoted": ('cat <<"PY" > kernel.py', "PY"),
    "dash": ("cat <<-END_OF_FILE >k.py", "END_OF_FILE"),
    "escaped": ("cat >>k.py <<\\EOF", "EOF"),
    "tee": ("sudo tee src/kernel.py > /dev/null <<'PYTHON'", "PYTHON"),
    "piped": ("mkdir -p k && cat <<'EOF' | tee k/kernel.py", "EOF"),
    "to_python": ("$ python3 - <<'EOF'", "EOF"),
    "docker": ("COPY <<EOF /k.py", "EOF"),
    "powershell": ("$code = @'", "'@ | Set-Content kernel.py"),
    "powershell_expanded": ('$code = @"', '"@'),
}
"""The command, and the line that ends what it is given."""
SHELLS: dict[str, Wrap] = {
    **{f"heredoc_{name}": _heredoc(*lines) for name, lines in HEREDOCS.items()},
    **{f"heredoc_{name}_without_a_fence": _bare_heredoc(*lines) for name, lines in HEREDOCS.items()},
    "heredoc_cut": lambda code: f"```bash\ncat > kernel.py <<'EOF'\n{code.rstrip()}\n```",
    "heredoc_and_a_test": lambda code: (
        f"```bash\ncat > kernel.py <<'EOF'\n{code.rstrip()}\nEOF\n"
        "cat > test.py <<'EOF'\nfrom kernel import ModelNew\nprint(ModelNew()(d, A))\nEOF\n```"
    ),
    "heredoc_with_prompts": lambda code: (
        "```console\n$ cat > kernel.py <<'EOF'\n> " + code.rstrip().replace("\n", "\n> ") + "\n> EOF\n```"
    ),
    "heredoc_in_json": lambda code: json.dumps({"cmd": ["bash", "-lc", f"cat > k.py <<'EOF'\n{code.rstrip()}\nEOF"]}),
    "heredoc_of_a_patch": lambda code: (
        "```bash\napply_patch <<'PATCH'\n*** Begin Patch\n*** Add File: kernel.py\n"
        + "\n".join("+" + line for line in code.rstrip().split("\n"))
        + "\n*** End Patch\nPATCH\n```"
    ),
}


def _numbered(form: str, around: str = "{}") -> Wrap:
    def wrap(code: str) -> str:
        if "\n" not in code:
            code = f"# the rows\n{code}"  # a line alone may be one of an error
        lines = enumerate(code.rstrip().split("\n"), 41)
        return around.format("\n".join(form.format(number, line).rstrip() for number, line in lines))

    return wrap


NUMBERS = {
    "colon": "{}: {}", "bar": "{:>4} | {}", "box": "{}│{}", "tab": "{:6}\t{}", "arrow": "{:>6}→{}", "space": "{:>4} {}",
    "point": "{}. {}", "parenthesis": "{}) {}", "bracket": "[{}] {}", "letter": "L{}: {}", "word": "Line {}: {}",
    "dash": "{}-{}", "zeros": "{:03d}: {}",
}  # fmt: skip
TERMINALS: dict[str, Wrap] = {
    **{f"numbered_{name}": _numbered(form) for name, form in NUMBERS.items()},
    **{f"numbered_{name}_in_a_fence": _numbered(form, "```python\n{}\n```") for name, form in NUMBERS.items()},
    **{f"numbered_{name}_in_prose": _numbered(form, "Here:\n\n{}\n\nIt's fast.") for name, form in NUMBERS.items()},
    "ansi": lambda code: f"\x1b[32m{code.rstrip()}\x1b[0m",
    "ansi_each_line": lambda code: "\n".join(f"\x1b[38;5;81m{line}\x1b[0m" for line in code.rstrip().split("\n")),
    "ansi_words": lambda code: code.replace("return", "\x1b[38;2;249;38;114mreturn\x1b[39m"),
    "ansi_fence": lambda code: f"\x1b[2m```\x1b[0mpython\n\x1b[1m{code.rstrip()}\x1b[m\n\x1b[2m```\x1b[0m",
    "ansi_without_escape": lambda code: code.replace("return", "[1;31mreturn[0m"),
    "ansi_written_out": lambda code: code.replace("return", "\\033[31mreturn\\x1b[0m"),
    "ansi_title": lambda code: "\x1b]0;title\x07" + code.replace("return", "\x1b[31mreturn\x1b(B\x1b[m"),
    "soft_hyphens": lambda code: code.replace("return", "re\u00adturn").replace("ModelNew", "Model\u00adNew"),
    "soft_hyphens_in_prose": lambda code: "Ker\u00adnel:\n\n" + code.replace("return", "re\u00adturn") + "\n\nDone.",
    "zero_width": lambda code: code.replace("return", "re\u200bturn").replace("class", "cla\u2060ss"),
    "full_width": lambda code: code.replace("return", "ｒｅｔｕｒｎ"),
}
TYPESET: dict[str, Wrap] = {
    "boxed": lambda code: f"The final answer is $\\boxed{{{code}}}$.",
    "boxed_fence": lambda code: f"$\\boxed{{```python\n{code.rstrip()}\n```}}$",
    "latex_listing": lambda code: f"\\begin{{lstlisting}}[language=Python]\n{code.rstrip()}\n\\end{{lstlisting}}",
    "latex_minted": lambda code: f"Here:\n\\begin{{minted}}{{python}}\n{code.rstrip()}\n\\end{{minted}}\nDone.",
    "bbcode": lambda code: f"[code=python]{code.rstrip()}[/code]",
    "bbcode_in_prose": lambda code: f"Here:\n[CODE]\n{code.rstrip()}\n[/CODE]\nBye.",
    "bbcode_quote": lambda code: f"[quote][python]\n{code.rstrip()}\n[/python][/quote]",
    "bbcode_cut": lambda code: f"Here:\n[code=python]\n{code.rstrip()}",
    "org": lambda code: f"#+BEGIN_SRC python\n{code.rstrip()}\n#+END_SRC\n",
    "jira": lambda code: f"{{code:python}}\n{code.rstrip()}\n{{code}}\n",
}


def _call(namespace: str) -> Wrap:
    def tag(name: str, text: str, attribute: str = "") -> str:
        return f"<{namespace}{name}{attribute}>{text}</{namespace}{name}>"

    def wrap(code: str) -> str:
        path = tag("parameter", "kernel.py", ' name="path" string="true"')
        content = tag("parameter", code, ' name="content" string="true"')
        return tag("function_calls", "\n" + tag("invoke", f"\n{path}\n{content}\n", ' name="write"') + "\n")

    return wrap


TOOLS: dict[str, Wrap] = {
    "tool_call_dsml": _call("｜DSML｜"),
    "tool_call_dsml_ascii": _call("|DSML|"),
    "tool_call_dsml_spaced": _call("｜ DSML ｜"),
    "tool_call_of_a_namespace": _call("vendor:"),
    "think_then_final_answer": lambda code: f"<think>\nhm\n\nFinal answer:\n```python\n{code.rstrip()}\n```",
    "think_then_bold_final_answer": lambda code: f"<think>\nhm\n\n**Final Answer**\n\n{code}",
    "think_then_final_code": lambda code: f"<think>hm\n\n## Final code:\n{code}<|im_end|>",
    "analysis_then_final_answer": lambda code: f"<|channel|>analysis<|message|>hm\n\nFinal answer:\n{code}",
}
PACKAGINGS: dict[str, Wrap] = {**SHELLS, **TERMINALS, **TYPESET, **TOOLS}
ONE_LINE: dict[str, Wrap] = {
    "curly_quotes": lambda line: f"“{line}”",
    "low_quotes": lambda line: f"„{line}“",
    "single_curly_quotes": lambda line: f"‘{line}’",
    "guillemets": lambda line: f"«{line}»",
    "quotes_after_a_label": lambda line: f'Answer: "{line}"',
    "quotes_in_prose": lambda line: f"Here is the body:\n\n“{line}”\n\nIt broadcasts.",
    "quotes_in_a_sentence": lambda line: f"The answer is “{line}”.",
    "bold": lambda line: f"**{line}**",
    "bold_and_italic": lambda line: f"***{line}***",
    "bold_underscores": lambda line: f"__{line}__",
    "bold_code": lambda line: f"**`{line}`**",
    "bold_after_a_label": lambda line: f"**Final answer:** **{line}**",
    "bold_with_its_label": lambda line: f"**Final answer: {line}**",
    "bold_item": lambda line: f"- **{line}**",
    "italic": lambda line: f"*{line}*",
    "numbered": lambda line: f"1: {line}",
    "drawn_box": lambda line: f"╭───────╮\n│ {line} │\n╰───────╯",
    "table": lambda line: f"| what | code |\n|---|:--|\n| body | `{line}` |",
    "table_without_edges": lambda line: f"what | kernel\n--- | ---\nbody | {line}",
    "footnote": lambda line: f"See below.[^1]\n\n[^1]: `{line}`",
    "latex_verb": lambda line: f"The body is \\verb|{line}|.",
    "boxed_typewriter": lambda line: f"\\[\\boxed{{\\texttt{{{line}}}}}\\]",
    "echo": lambda line: f"```bash\necho '{line}' > kernel.py\n```",
    "here_string": lambda line: f"```bash\ncat > kernel.py <<< '{line}'\n```",
    "final_answer_on_the_line": lambda line: f"<think>\nhm\n\nFinal answer: `{line}`",
}
"""What holds a body of one line."""
