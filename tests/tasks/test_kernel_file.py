"""Which statements of an answer come into a kernel file."""

import ast

import pytest

from kbwf.settings import TaskSettings
from kbwf.tasks.kernel_file import Part, beside, imports_the_reference, joined, parts_of, split_future, written
from kbwf.tasks.sources import load_task
from tests.tasks.answers_of_models import CLASS

REFERENCE = load_task(TaskSettings(), 1).reference_source
KERNEL = parts_of(CLASS, ast.parse(CLASS).body)[0]


def parts(text: str) -> list[Part]:
    """The statements of a text."""
    return parts_of(text, ast.parse(text).body)


@pytest.mark.parametrize(
    ("before", "after", "kept", "not_taken"),
    [
        ("x = 1\n", "y = 2\n", ["x = 1", "kernel", "y = 2"], []),
        ("import torch\nimport torch.nn as nn\nN = 320\n", "", ["kernel"], []),
        ("N = 64\n", "", ["N = 64", "kernel"], []),
        ("N = 64\nN = 320\n", "", ["N = 64", "N = 320", "kernel"], []),
        ("from model import Model\n", "", ["kernel"], []),
        ("'text'\n", "", ["kernel"], []),
        ("def f(): pass\ndef f(): pass\n", "", ["def f(): pass", "kernel"], []),
        ("def f(): pass\ndef f(): return 1\n", "", ["def f(): pass", "def f(): return 1", "kernel"], []),
        ("", "m = ModelNew()\nm(1)\n", ["kernel"], ["m = ModelNew()", "m(1)"]),
        ("", "x = get_inputs()\ny = 1\n", ["kernel", "y = 1"], ["x = get_inputs()"]),
        ("", "ModelNew.k = 1\n", ["kernel", "ModelNew.k = 1"], []),
        ("", "ModelNew = wrap(ModelNew)\n", ["kernel", "ModelNew = wrap(ModelNew)"], []),
        ("", "def test(): return ModelNew()\n", ["kernel", "def test(): return ModelNew()"], []),
        ("", "if __name__ == '__main__':\n    ModelNew()\n", ["kernel"], ["if __name__ == '__main__':"]),
        ("def f(): return m\n", "m = ModelNew()\n", ["def f(): return m", "kernel", "m = ModelNew()"], []),
    ],
)
def test_what_stands_beside_the_kernel_comes_along(
    before: str, after: str, kept: list[str], not_taken: list[str]
) -> None:
    """But for what the reference has, repetitions, and uses of the kernel, which are named."""
    found, left_out = beside([*parts(before), KERNEL, *parts(after)], KERNEL, None, REFERENCE)
    assert ["kernel" if part is KERNEL else part.text for part in found] == kept
    assert left_out == not_taken


def test_a_file_is_the_reference_notes_and_parts() -> None:
    """Imports stand together."""
    text = written(parts("import a\nimport b\nx = 1"), ["y = 2"], "R = 1\n")
    assert text == "R = 1\n\n\n# Not taken from the answer: y = 2\nimport a\nimport b\n\n\nx = 1\n"
    assert joined(parts("x = 1\ny = 2")) == "x = 1\n\n\ny = 2"


def test_statements_that_cannot_stand_as_they_were_written_are_written_anew() -> None:
    """The tree decides, not the text."""
    part = Part(ast.parse("s = '''\na'''").body[0], "s = '''\n    a'''")
    assert written([part], [], "R = 1\n") == "R = 1\n\n\ns = '\\na'\n"


def test_future_imports_go_to_the_top_if_they_mean_something() -> None:
    """`annotations` does only where there are annotations."""
    future = "from __future__ import annotations\n"
    assert split_future(parts(future + "def f(x): pass"))[0] == ""
    assert split_future(parts(future + "def f(x: T): pass"))[0] == future
    assert written(parts(future + "x: T = 1"), [], "R = 1\n") == future + "R = 1\n\n\nx: T = 1\n"


def test_an_import_of_the_reference_is_one_of_its_names_alone() -> None:
    """From whatever file the model imagined."""
    reference = ast.parse(REFERENCE)
    is_import = [
        imports_the_reference(part.node, reference)
        for part in parts("from m import Model\nfrom m import Model, other\nimport Model\nfrom torch import nn")
    ]
    assert is_import == [True, False, False, False]
