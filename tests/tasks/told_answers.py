"""What answers say of their code in words: labels of code that is not meant, of code that is, and code of nobody's."""

from tests.tasks.answers_of_models import BODY, FILE, MEANT, REFERENCE_BODY, SCALE, SCALED, forward
from tests.tasks.further_answers import REFERENCE_FILE

REJECTED = [
    "The broken version was:", "I first tried this, which failed:", "Never do this:", "Don't do this:", "Do not write:",
    "If A were 1-D, you would write:",
    "Had A been sparse, I would have written:", "This does not work:", "What would not work:", "A common mistake:",
    "This fails:", "Which crashes:", "The following is incorrect:", "❌", "❌ Bad", "**Don't:**",
    "An approach that I rejected:", "instead of:",
    "Not recommended:", "Tempting, but wrong:",
]  # fmt: skip
"""Labels of code that no answer means, even if it stands alone."""
ASIDE = [
    "I did not use this:",
    "This one raises a RuntimeError:",
    "Deprecated:",
    "Anti-pattern:",
    "Unlike this:",
    "This would give the wrong shape:",
    "A buggy variant:",
    "Suppose A were 1-D; then:",
    "If you only had a vector, you could write:",
    "Optional (less accurate):", "Optionally, in half precision:", "For a batched A you'd use:", "My earlier attempt:",
    "My first try was:", "Initially I had:", "A less efficient option:", "Less accurate but shorter:", "Bonus:",
    "In contrast, this allocates a matrix:", "If you prefer less precision:", "For other shapes (not needed here):",
    "which is slower:", "Experimental, untested:", "The version I started from:", "It used to be:", "In NumPy:",
    "In JAX this would be:", "A variant for 1-D A:", "It is better than writing", "Fallback:",
]  # fmt: skip
"""Labels of code that comes second."""
MEANT_LABELS = [
    "That failed, so here is the corrected version:", "The version that no longer fails:", "This doesn't fail:",
    "I fixed the broken line:", "The bug is gone:", "Don't build the matrix; scale the rows:", "Sorry, that was wrong:",
    "To avoid the wrong shape, use:", "Final version (the first attempt failed):", "Instead of failing, it broadcasts:",
    "If you want the best speed, use this:", "Wait, that's wrong. Correct:", "Here is the fix for the broken version:",
    "The above would fail for 1-D A. Use this:", "The failed version above is replaced by:", "You would write:",
    "I cannot do better than this:", "This is not slower, and right:", "Rather than building it, scale the rows:",
    "If I were to write it in one line:", "Now without the mistake:",
]  # fmt: skip
"""Labels of the kernel."""

OTHER = "return torch.einsum('i,ij->ij', d, A)"
_FENCED = f"```python\n{BODY}\n```"
_OTHER_FENCED = f"```python\n{OTHER}\n```"
TRACEBACK = (
    'Traceback (most recent call last):\n  File "/tmp/k.py", line 12, in <module>\n    main()\n'
    f'  File "/tmp/k.py", line 9, in forward\n    {OTHER}\n           ~~~~^~~\nRuntimeError: bad'
)
_SCALING = FILE.replace("d.unsqueeze(1) * A", "scale(d, A)")
_SCALING_BODY = "```python\nfrom helpers import scale\nreturn scale(d, A)\n```"

GIVEN: dict[str, tuple[str, str]] = {
    "aside_in_its_first_comment": (f"{_FENCED}\n\n```python\n# WRONG: never do this\n{OTHER}\n```", MEANT),
    "aside_under_a_heading": (f"## Solution\n{_FENCED}\n## What failed\nAs said.\n{_OTHER_FENCED}", MEANT),
    "aside_of_two_lines": (f"{_FENCED}\n\nI first tried something that\nfailed, namely\n\n{_OTHER_FENCED}", MEANT),
    "aside_in_a_footnote": (f"{_FENCED}\nIt broadcasts.[^1]\n\n[^1]: `{OTHER}`", MEANT),
    "aside_in_a_table": (f"{_FENCED}\n\n| version | code |\n|---|---|\n| bad | `{OTHER}` |", MEANT),
    "table_before_and_after": (f"| Before | After |\n|---|---|\n| `{OTHER}` | `{BODY}` |", MEANT),
    "traceback_then_fixed": (f"{TRACEBACK}\n\nFixed:\n{_FENCED}", MEANT),
    "fixed_then_traceback": (f"{_FENCED}\n\nIt said:\n```\n{TRACEBACK}\n```", MEANT),
    "bare_then_traceback": (f"{BODY}\n\nIt said:\n\n{TRACEBACK}\n", MEANT),
    "question_after_a_kernel": (f"{_FENCED}\nDo you want me to use Triton?", MEANT),
    "question_after_what_is_kept": (
        f"The final answer is the reference:\n```python\n{REFERENCE_BODY}\n```\nDo you want me to try Triton?",
        forward(REFERENCE_BODY),
    ),
    "second_file_after": (f"{_SCALING_BODY}\nhelpers.py:\n```python\n{SCALE}```", SCALED),
    "second_file_before": (f"helpers.py:\n```python\n{SCALE}```\n{_SCALING_BODY}", SCALED),
    "another_is_wrong": (f"torch.diag is wrong here:\n{_FENCED}", MEANT),
    "shift_is_no_heredoc": (f"k = 1 << EOF\n{BODY}", forward(f"k = 1 << EOF\n{BODY}")),
    "heredoc_in_a_string": (f"s = '''cat <<EOF\nEOF'''\n{BODY}", forward(f"s = 'cat <<EOF\\nEOF'\n{BODY}")),
    "ansi_in_a_string": (f"s = '\\x1b[31m'\n{BODY}", forward(f"s = '\\x1b[31m'\n{BODY}")),
    "soft_hyphen_in_a_string": (f"s = 'a\u00adb'\n{BODY}", forward(f"s = 'a\u00adb'\n{BODY}")),
}
"""The answer in style forward_body, and what follows the reference in the kernel meant."""
SECOND_FILES: dict[str, tuple[str, str]] = {
    "before": (f"`helpers.py`\n```python\n{SCALE}```\n```python\nfrom helpers import scale\n{_SCALING}```", _SCALING),
    "relative": (f"```python\nfrom .helpers import scale\n{_SCALING}```\nhelpers.py:\n```python\n{SCALE}```", _SCALING),
    "all_names": (f"```python\nfrom helpers import *\n{_SCALING}```\nhelpers.py:\n```python\n{SCALE}```", _SCALING),
    "another_name": (
        (
            f"```python\nfrom helpers import scale as by\n{_SCALING.replace('scale(', 'by(')}```\n"
            f"helpers.py:\n```python\n{SCALE}```"
        ),
        "by = scale\n" + _SCALING.replace("scale(", "by("),
    ),
    "heredocs": (
        (
            f"```bash\ncat > helpers.py <<'EOF'\n{SCALE}EOF\n"
            f"cat > k.py <<EOF\nfrom helpers import scale\n{_SCALING}EOF\n```"
        ),
        _SCALING,
    ),
    "and_a_test": (
        (
            f"helpers.py\n```python\n{SCALE}```\n```python\nfrom helpers import scale\n{_SCALING}```\n"
            "```python\nfrom helpers import scale\nfrom kernel import ModelNew\nprint(ModelNew()(*get_inputs()))\n```"
        ),
        _SCALING,
    ),
}
"""The answer in style model_new, and what follows `SCALE` in its kernel."""
NEEDS_A_FILE = "needs a second file"
WITHOUT_FORWARD_BODY: dict[str, tuple[str, str]] = {
    "traceback_quoted": ("> " + TRACEBACK.replace("\n", "\n> "), "syntax error"),
    "traceback_of_pytest_without_a_fence": (
        f"    def forward(self, d, A):\n>       {BODY}\nE       RuntimeError: bad",
        "traceback",
    ),
    "traceback_of_ipython": ("Cell In[3], line 2\n      1 x = d\n----> 2 return x * A\n\nRuntimeError", "traceback"),
    "warning": (f"/tmp/k.py:9: UserWarning: slow\n  {BODY}\n", "traceback"),
    "question_after": (f"```python\n{REFERENCE_BODY}\n```\nDo you want me to use this?", "asks something"),
    "question_before": (f"Is this the code you mean?\n```python\n{REFERENCE_BODY}\n```", "asks something"),
    "question_without_a_fence": (f"{REFERENCE_BODY}\n\nShould I optimize this?", "syntax error"),
    "question_about_a_file": (f"```python\n{REFERENCE_FILE}```\nDo you want me to use it?", "repeats the reference"),
    "choice_of_an_option": ("Option A: return d", "syntax error"),
    "choices": ("A) return d\nB) return A", "syntax error"),
    "choices_with_numbers": ("1. return d\n2. return A", "syntax error"),
    "numbered_steps": ("1. return early\n2. done", "syntax error"),
    "crossed_out": (f"~~{BODY}~~", "syntax error"),
    "heredoc_of_the_reference": (f"```bash\ncat > r.py <<'EOF'\n{REFERENCE_FILE}EOF\n```", "repeats the reference"),
    "second_file_missing": ("```python\nfrom .helpers import scale\nreturn scale(d, A)\n```", NEEDS_A_FILE),
    "second_file_as_a_module": (
        f"helpers.py\n```python\n{SCALE}```\n```python\nimport helpers\nreturn helpers.scale(d, A)\n```",
        NEEDS_A_FILE,
    ),
    "think_without_an_answer": (f"<think>\n{_FENCED}\nlet me check", "outside of marks and reasoning"),
    "think_final_answer_in_doubt": (f"<think>\nFinal answer:\n{_FENCED}\nWait, is it right?", "outside of marks"),
    "think_of_a_final_answer": (f"<think>\nThe final answer has one line.\n{_FENCED}\nHm, let me", "outside of marks"),
}
"""The answer in style forward_body, and part of the reason why it gives no kernel."""
