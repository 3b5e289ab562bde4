"""Code as typesetters mark it."""

import pytest

from kbwf.tasks.typesetting import as_markdown, boxes, has_macro, without_emphasis


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("So $\\boxed{a}$", [("So", "a")]),
        ("\\boxed{a = {1}}", [("", "a = {1}")]),
        ("\\boxed{\\text{a}}\n\\fbox{b}", [("", "\\text{a}"), ("\\boxed{\\text{a}}", "b")]),
        ("\\boxed{a", []),
        ("\\verb|a|", [("", "a")]),
    ],
)
def test_a_box_ends_at_its_own_brace(text: str, expected: list[tuple[str, str]]) -> None:
    """Boxes inside of it stay."""
    assert boxes(text) == expected


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("[code=python]a[/code]", "<code>a</code>"),
        ("[CODE]a[/CODE]", "<code>a</code>"),
        ("x[code]", "x[code]"),
        ("{code:python}\na\n{code}", "```\na\n```"),
    ],
)
def test_marks_of_forums_and_wikis_become_those_of_markdown(text: str, expected: str) -> None:
    """An index is no mark."""
    assert as_markdown(text) == expected
    assert has_macro(text) == text.startswith("{")


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("**return a**", "return a"),
        ("So:\n“return a”.\nYes", "So:\nreturn a\nYes"),
        ("“x = a\nreturn x”", "x = a\nreturn x"),
        ("**bold**", "**bold**"),
        ('"a" + "b"', '"a" + "b"'),
        ("*return* a", "*return* a"),
    ],
)
def test_emphasis_and_quotes_around_code_go(text: str, expected: str) -> None:
    """Around all of a line, or all of the text; words stay as they are."""
    assert without_emphasis(text) == expected
