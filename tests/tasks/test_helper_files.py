"""Answers of several files."""

import ast

from kbwf.tasks.blocks import Block
from kbwf.tasks.helper_files import file_names, joined_imports, needs_a_file

REFERENCE = ast.parse("class Model: pass")


def test_a_block_is_called_by_the_line_before_it_or_its_first_comment() -> None:
    """Names of Python files only."""
    assert file_names(Block("x = 1", label="`ops/helpers.py`:")) == {"helpers"}
    assert file_names(Block("# fast.py\nx = 1")) == {"fast"}
    assert file_names(Block("x = 'a.py'", label="notes.txt")) == set()


def test_an_import_from_another_block_goes() -> None:
    """An alias stays as a name; lines keep their numbers; what is not defined there stays imported."""
    text = "from helpers import (\n    f as g,\n)\nreturn g(d)"
    assert joined_imports(text, ast.parse(text), {"helpers"}, {"f"}, REFERENCE) == "g = f\n\n\nreturn g(d)"
    assert joined_imports(text, ast.parse(text), {"helpers"}, set(), REFERENCE) == text
    assert joined_imports(text, ast.parse(text), set(), {"f"}, REFERENCE) == text


def test_a_kernel_that_needs_another_file_says_so() -> None:
    """A relative import, or one of a file that the answer names; not one of the reference."""
    assert "`from .a import b` needs a second file" in needs_a_file(ast.parse("from .a import b"), set(), REFERENCE)
    assert needs_a_file(ast.parse("import helpers"), {"helpers"}, REFERENCE)
    assert not needs_a_file(ast.parse("import helpers\nfrom model import Model"), {"model"}, REFERENCE)
