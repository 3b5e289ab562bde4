"""Text that is Python but was not typed by a programmer."""

import ast

import pytest
from hypothesis import given
from hypothesis import strategies as st

from kbwf.tasks.python_text import UnreadableError, as_typed, leading_block, pieces, read


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("return x", "return x"),
        ("    return x", "return x"),
        ("x = 1\n        return x", "x = 1\nreturn x"),
        ("    x = 1\n\treturn x", "x = 1\nreturn x"),
        ("\u00a0\u00a0return\u00a0x", "return x"),
        ("\ufeffreturn x\u200b", "return x"),
        ("return x \u2212 1", "return x - 1"),
        ("if x \u2265 1:\n    return x\u00b2", "if x >= 1:\n    return x ** 2"),
        ("return f\uff08x\uff0c y\uff09", "return f(x, y)"),
        ("return \u201ca\u201d", "return 'a'"),
        ("return \u2018it\u201d", None),
        ("return x\\_y \\* 2", "return x_y * 2"),
        ("return (", None),
    ],
)
def test_the_first_variant_that_parses_is_read(text: str, expected: str | None) -> None:
    """Indentation first, then characters; what no variant mends is not read."""
    if expected is None:
        with pytest.raises(UnreadableError, match="syntax error in line 1"):
            read(text)
        return
    reading = read(text)
    assert ast.dump(reading.tree) == ast.dump(ast.parse(expected))
    assert ast.dump(ast.parse(reading.text)) == ast.dump(reading.tree)


def test_text_that_parses_is_read_as_it_is() -> None:
    """No character inside of it is touched, whatever it is."""
    text = "s = '\u201ca\u00d7b\u201d'  # \u2212\u00a0\n"
    assert read(text).text == text.strip("\n")


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("x = 1\n    y = 2\nz = 3", ("x = 1\n    y = 2", "z = 3")),
        ("    x = 1\n    y = 2\n\nz = 3\n", ("    x = 1\n    y = 2\n", "z = 3")),
        ("    x = 1\n      y = 2", None),
        ("x = 1\ny = 2", None),
        ("def f():\n    x = 1\ny = 2", None),
        ("x = 1", None),
    ],
)
def test_the_leading_block_ends_at_a_lesser_indentation(text: str, expected: tuple[str, str] | None) -> None:
    """What follows is another part of a file; a head with its body is no such block."""
    assert leading_block(text) == expected


@pytest.mark.parametrize(
    ("text", "code"),
    [
        ("a 'b' c", "a '' c"),
        ("a 'b\\'' c", "a '' c"),
        ('a """b\n"c" """ d', 'a """""" d'),
        ("a # b 'c'\nd", "a \nd"),
        ("a 'b\nc 'd'", "a '\nc ''"),
        ("\u201cb\u201d c", "\u201c\u201d c"),
        ("'\u201c' c", "'' c"),
        ("'''a''' b", "'''''' b"),
    ],
)
def test_pieces_tell_code_from_strings_and_comments(text: str, code: str) -> None:
    """Delimiters are code; a string that is not closed ends with its line."""
    assert "".join(piece for is_code, piece in pieces(text)[0] if is_code) == code


def test_an_open_triple_quote_is_carried_to_the_next_line() -> None:
    """Line by line as in one go."""
    assert pieces('x = """a')[1] == '"""'
    assert pieces("b'''", '"""') == ([(False, "b'''")], '"""')
    assert pieces('c""" d', '"""')[1] == ""
    assert pieces("x = 'a")[1] == ""


@given(text=st.text(alphabet="'\"\\\n# a\u201c\u2019", max_size=40))
def test_pieces_are_the_text(text: str) -> None:
    """Nothing is lost or doubled."""
    assert "".join(piece for _, piece in pieces(text)[0]) == text


def test_text_that_was_typed_stays_as_it_is() -> None:
    """Strings and comments keep their characters in any case."""
    assert as_typed("x = 'a' # b\n") == "x = 'a' # b\n"
    assert as_typed("x \u2212 '\u2212' # \u2212") == "x - '\u2212' # \u2212"
