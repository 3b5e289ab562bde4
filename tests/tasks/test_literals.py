"""Strings inside of data."""

import pytest

from kbwf.tasks.literals import strings_of_json, strings_of_python


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ('{"a": "x", "b": ["y", {"c": "z"}]}', ["x", "y", "z"]),
        ('{"code": ["x", "y"]}', ["x\ny"]),
        ('{"reasoning": "x", "original_code": "y", "latest": "z"}', ["z"]),
        ('{"a": "x\ny"}', ["x\ny"]),
        ('{"a": "x', ["x"]),
        ('"x"', ["x"]),
        ('{"a": "x"} and', []),
        ("{x", []),
        ("x", []),
        ("[" * 5_000, []),
        ("[" + "1" * 5_000 + "]", []),
    ],
)
def test_strings_of_json_come_in_order(text: str, expected: list[str]) -> None:
    """Lists of strings as lines, asides left out, a cut end mended, and nothing of what is no JSON."""
    assert [named.text for named in strings_of_json(text, is_whole=True)] == expected


def test_json_is_found_inside_of_a_text() -> None:
    """The first that can be read."""
    assert strings_of_json('f{ "x" } so {"a": "y"} end', is_whole=False) == [("a", "y")]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("f(code='return x')", ["return x"]),
        ("f(thought='return x', code='return y')", ["return y"]),
        ("{'reason': 'return x', 'code': 'return y'}", ["return y"]),
        ("code = 'return x'", ["return x"]),
        ("'return x'", ["return x"]),
        ("'return x'\nf()", []),
        ("def f():\n    return 'return x'", []),
        ("f(", []),
        ("f('x')", []),
    ],
)
def test_strings_of_python_are_those_of_calls_and_values(text: str, expected: list[str]) -> None:
    """A docstring is none, nor what a function keeps."""
    assert [named.text for named in strings_of_python(text)] == expected
