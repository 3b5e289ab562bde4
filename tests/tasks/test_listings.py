"""Code as terminals, editors and tables show it."""

import pytest

from kbwf.tasks.listings import cells_of_tables, numbered_listings, without_colours, without_tracebacks


@pytest.mark.parametrize("text", ["\x1b[1ma\x1b[0m", "\x9b38;5;1ma\x9b0m", "\x1b]8;;x\x07a\x1b]8;;\x1b\\", "a"])
def test_colours_and_links_go(text: str) -> None:
    """Of both lengths of ECMA-48's introducer."""
    assert without_colours(text) == "a"


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("1: a\n2:   b", ["a\n  b"]),
        (" 9 | a\n10 | b", ["a\nb"]),
        ("So\n1: a\n2: b\nDone", ["a\nb"]),
        ("1. a\n2. b", ["a\nb"]),
        ("1. a\n2.   b", ["a\n  b"]),
        ("So\n1. a\n2.   b", ["a\n  b"]),
        ("1: a\n3: b", []),
        ("1: return a\n2: return b", []),
        ("1\ta\n2\tb", ["a\nb"]),
    ],
)
def test_numbers_in_front_of_lines_go(text: str, expected: list[str]) -> None:
    """If they rise by one, and the lines are no list of prose."""
    assert numbered_listings(text) == expected


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("| a | b |\n|---|---|\n| c | `d | e` |", [("a", "c"), ("b c", "d | e")]),
        ("a | b\n--- | ---\nc | d", [("a", "c"), ("b c", "d")]),
        ("| a |\n|---|\n| `b`<br>`c` |", [("a", "b\nc")]),
        ("┌──┐\n│ a │\n│ b │\n└──┘", [("", " a\n b")]),
        ("a", []),
    ],
)
def test_cells_are_called_by_their_column_and_row(text: str, expected: list[tuple[str, str]]) -> None:
    """A box of one column is one cell."""
    assert [(name.strip(), cell) for name, cell in cells_of_tables(text)] == expected


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        (
            'a\nTraceback (most recent call last):\n  File "k.py", line 1, in f\n    return b\n    ^^\nKeyError: c\nd',
            "a\nd",
        ),
        ("Cell In[1], line 2\n      1 a\n----> 2 b\nKeyError: c\nd", "d"),
        ("def f():\n>       return b\nE       KeyError", "def f():"),
        ("> return b", "> return b"),
    ],
)
def test_code_in_a_traceback_is_quoted(text: str, expected: str) -> None:
    """Python's, a notebook's, and pytest's."""
    assert without_tracebacks(text) == expected
