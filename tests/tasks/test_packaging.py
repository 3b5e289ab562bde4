"""One layer of packaging at a time."""

import pytest

from kbwf.tasks.blocks import Block
from kbwf.tasks.code_lines import code_runs
from kbwf.tasks.fences import split_fences
from kbwf.tasks.packaging import unescaped, unpack
from kbwf.tasks.tags import split_tags


def texts(blocks: list[Block]) -> list[str]:
    """Blocks as text, prose marked."""
    return [("prose: " if block.is_prose else "") + block.text for block in blocks]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("no fence", []),
        ("a\n```\nb\n```\nc", ["prose: a", "b", "prose: c"]),
        ("```python\nb```\nc", ["b", "prose: c"]),
        ("```\nb", ["b"]),
        ("b\n```\nc\n```python\nd\n```", ["prose: b", "c", "d"]),
        ("````\n```\nb\n```\n````", ["```\nb\n```"]),
        ("~~~\n```\n~~~", ["```"]),
        ("a: ```python\nb\n```", ["prose: a: ", "b"]),
        ("- ```\n  b\n  ```", ["  b"]),
        ("``` import x\nb\n```", ["import x\nb"]),
        ("```python import x\nb\n```", ["import x\nb"]),
        ('```python title="x"\nb\n```', ["b"]),
        ("`b`", ["b"]),
        ("```b```", ["b"]),
        ("so `b` is", []),
    ],
)
def test_fences_part_a_text(text: str, expected: list[str]) -> None:
    """Closed alone, on the last line of code, by the next block, or never."""
    assert texts(split_fences(text, skip_strings=True)) == expected


def test_fences_inside_of_a_string_do_not_part_it() -> None:
    """Unless strings are not looked at: a quote may be one of prose."""
    text = '```\n"""\n```\n"""\nb\n```'
    assert texts(split_fences(text, skip_strings=True)) == ['"""\n```\n"""\nb']
    assert texts(split_fences(text, skip_strings=False)) == ['"""', 'prose: """\nb']


def test_a_block_knows_its_language_and_the_line_before_it() -> None:
    """A label holds for one block."""
    blocks = split_fences("x\nDraft:\n\n```Python3 {.a}\nb\n```\n```cpp\nc\n```", skip_strings=True)
    assert [(block.language, block.label) for block in blocks[1:]] == [("Python3", "Draft:"), ("cpp", "")]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("a < b > c", []),
        ("a <b> c", []),
        ("a<code>b</code>c", ["prose: a", "b", "prose: c"]),
        ("<mine>b</mine>", ["b"]),
        ("<answer>b", ["b"]),
        ("b</code>", ["b"]),
        ("<code a='1'><![CDATA[b]]></code>", ["\nb\n"]),
        ("a<br>b<br/>c", ["prose: a\nb\nc"]),
        ("<function=f><parameter=code>b</parameter></function>", ["<parameter=code>b</parameter>"]),
    ],
)
def test_tags_part_a_text(text: str, expected: list[str]) -> None:
    """A pair of any name, or one side of a name that wraps code."""
    assert texts(split_tags(text)) == expected


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("a &lt; b", "a < b"),
        ("a &amp;lt; b", "a < b"),
        ("&#39;a&#x27;", "'a'"),
        ("'&lt;'", "'&lt;'"),
        ("x = a & lt", "x = a & lt"),
    ],
)
def test_escapes_are_undone_outside_of_strings(text: str, expected: str) -> None:
    """A string that holds one keeps it."""
    assert unescaped(text) == expected


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("Well:\nx = 1\n\nreturn x\nIt is so.", ["x = 1\n\nreturn x"]),
        ("So it is.", []),
        ("Answer: return x", ["return x"]),
        ("x = '''a\nIt is.\n'''\nyes", ["x = '''a\nIt is.\n'''"]),
        ("import a\nThen\nreturn a", ["import a", "return a"]),
    ],
)
def test_runs_of_code_are_found_in_prose(text: str, expected: list[str]) -> None:
    """With the strings of several lines that they hold."""
    assert [block.text for block in code_runs(text)] == expected


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ('{"code": "a\\nb"}', ["a\nb"]),
        ("> a\n> b", ["a\nb"]),
        (">>> a\n... b\nc\n>>> d", ["a\nb\nd"]),
        ("1: a\n2: b", ["a\nb"]),
        ("f('return a')", ["return a"]),
        ("a\\nb", ["a\nb"]),
        ("\\`\\`\\`\na\n\\`\\`\\`", ["```\na\n```"]),
    ],
)
def test_other_layers_come_off_one_by_one(text: str, expected: list[str]) -> None:
    """JSON, quotation, an interpreter's prompts, line numbers, calls, escaped line breaks and fences."""
    assert [block.text for block in next(unpack(Block(text), ""))] == expected
