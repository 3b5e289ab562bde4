"""Whether the inputs fit into an answer's parameters."""

import ast

import pytest

from kbwf.tasks.signatures import fitted


def arguments(text: str) -> ast.arguments:
    """A parameter list."""
    function = ast.parse(f"def f({text}): pass").body[0]
    assert isinstance(function, ast.FunctionDef)
    return function.args


@pytest.mark.parametrize(
    ("own", "reference", "expected"),
    [
        ("self, x, y", "self, x, y", "self, x, y"),
        ("self, x: T, y: 'U'", "self, x, y", "self, x, y"),
        ("self, x, y, /", "self, x, y", "self, x, y"),
        ("self, a, b", "self, x, y", "self, x, y"),
        ("self, x, y, k=1", "self, x, y", "self, x, y, k=1"),
        ("self, x=None, y=None", "self, x, y", "self, x=None, y=None"),
        ("self, x, y, *, k=1", "self, x, y", "self, x, y, *, k=1"),
        ("self, *xs, **kw", "self, x, y", "self, *xs, **kw"),
        ("self, x, *ys", "self, x, y", "self, x, *ys"),
        ("self, *, x, y, k=1", "self, x, y", "self, x, y, *, k=1"),
        ("self, x", "self, x, m=None", "self, x"),
        ("self, *xs", "self, *xs", "self, *xs"),
        ("self, *ys", "self, *xs", "self, *ys"),
        ("self, x", "self, x, y", None),
        ("self, x, y, z", "self, x, y", None),
        ("self, x, y, *, k", "self, x, y", None),
        ("self, x", "self, *xs", None),
    ],
)
def test_a_method_takes_the_inputs_by_position(own: str, reference: str, expected: str | None) -> None:
    """With the reference's list where only names and annotations differ."""
    fit = fitted(arguments(own), arguments(reference), is_method=True)
    assert (fit and ast.unparse(fit.arguments)) == expected


@pytest.mark.parametrize(
    ("own", "expected", "lacks_self"),
    [
        ("x, y", "self, x, y", True),
        ("a, b", "self, x, y", True),
        ("x, y, k=1", "self, x, y, k=1", True),
        ("x, y, /", "self, x, y", True),
        ("*args", "self, *args", True),
        ("self, *args", "self, *args", False),
        ("self, x, y", "self, x, y", False),
        ("model, a, b", "self, x, y", False),
    ],
)
def test_a_plain_function_may_lack_self(own: str, expected: str, lacks_self: bool) -> None:
    """By its names, or by how many it needs."""
    fit = fitted(arguments(own), arguments("self, x, y"), is_method=False)
    assert fit is not None
    assert (ast.unparse(fit.arguments), fit.lacks_self) == (expected, lacks_self)


def test_other_names_are_listed_with_what_they_stand_for() -> None:
    """Self among them; swapped names too."""
    fit = fitted(arguments("m, y, x"), arguments("self, x, y"), is_method=True)
    assert fit is not None
    assert fit.renamed == [("m", "self"), ("y", "x"), ("x", "y")]
