"""Names that source uses, binds and lacks."""

import ast

import pytest

from kbwf.tasks.names import attributes_of, binds, bound, lacking, loaded, module_level


def parsed(source: str) -> list[ast.stmt]:
    """The statements of a file."""
    return ast.parse(source).body


@pytest.mark.parametrize(
    ("source", "names"),
    [
        ("x = 1", {"x"}),
        ("x, (y, *z) = a", {"x", "y", "z"}),
        ("x: int = 1", {"x"}),
        ("import a.b, c as d\nfrom e import f", {"a", "d", "f"}),
        ("def f(x):\n    y = 1", {"f", "x", "y"}),
        ("for i in a:\n    pass", {"i"}),
        ("try:\n    pass\nexcept E as e:\n    pass", {"e"}),
        (
            "match a:\n    case {'k': v, **rest}:\n        pass\n    case [x, *xs]:\n        pass",
            {"v", "rest", "x", "xs"},
        ),
        ("lambda q: q", {"q"}),
        ("(w := 1)", {"w"}),
        ("x.y = 1", set()),
    ],
)
def test_bound_names_are_all_that_get_a_value_anywhere(source: str, names: set[str]) -> None:
    """Inside of functions too."""
    assert bound(parsed(source)) == names


@pytest.mark.parametrize(
    ("source", "names"),
    [
        ("def f(x):\n    y = 1", {"f"}),
        ("class C:\n    y = 1", {"C"}),
        ("if a:\n    class C:\n        pass\nelse:\n    D = 1", {"C", "D"}),
        ("try:\n    import a\nexcept E:\n    b = None\nfinally:\n    c = 1", {"a", "b", "c"}),
        ("with a as b:\n    c = 1", {"b", "c"}),
        ("ModelNew = Fast", {"ModelNew"}),
        ("x.y = 1", set()),
    ],
)
def test_a_statement_binds_what_it_does_where_it_stands(source: str, names: set[str]) -> None:
    """What is inside of functions and classes apart."""
    assert binds(parsed(source)[0]) == names


def test_lacking_names_are_read_and_known_nowhere() -> None:
    """Neither bound, nor built in, nor given."""
    source = "import a\ndef f(x):\n    return a.g(x, len(y), z) + __name__"
    assert lacking(parsed(source)) == {"y", "z"}
    assert lacking(parsed(source), {"z"}) == {"y"}
    assert loaded(parsed("x = y.z")) == {"y"}


def test_statements_of_the_module_level_come_in_order_and_without_those_of_functions() -> None:
    """However deep an `if` is nested."""
    source = "a = 1\nif a:\n    b = 2\n    def f():\n        c = 3\nelse:\n    d = 4\ne = 5"
    found = [ast.unparse(node).partition("\n")[0] for node in module_level(parsed(source))]
    assert found == ["a = 1", "if a:", "b = 2", "def f():", "d = 4", "e = 5"]


def test_attributes_of_a_name_are_read_or_set() -> None:
    """`self.x.y` reads `x`."""
    source = parsed("self.a = self.b.c\nother.d = 1")
    assert attributes_of("self", source, ast.Load) == {"b"}
    assert attributes_of("self", source, ast.Store) == {"a"}
