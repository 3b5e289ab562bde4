"""Tables as CSV and Markdown."""

from kbwf.metrics.statistics import Interval, Missing
from kbwf.report.table import (
    Band,
    Column,
    Row,
    Table,
    band_column,
    csv_text,
    interval_column,
    is_outside,
    markdown_text,
    shown,
    value_of,
)


def test_an_interval_is_three_columns_in_csv_and_one_cell_in_markdown() -> None:
    """Values keep six digits in CSV and the column's decimals in Markdown; None is n/a, a bool yes or no."""
    columns = (interval_column("a", "A"), Column("b", "B", digits=1), Column("c", "C"), Column("d", "D"))
    table = Table(
        "T",
        "",
        columns,
        [
            {"a": Interval(1.23456789, 1.0, 2.0), "b": 0.25, "c": 3, "d": "x|y"},
            {"a": None, "b": None, "c": True, "d": "z"},
        ],
    )
    assert table.to_csv() == "a,a_low,a_high,b,c,d\n1.23457,1,2,0.25,3,x|y\nn/a,n/a,n/a,n/a,yes,z\n"
    assert table.to_markdown() == (
        "| A | B | C | D |\n|---:|---:|---:|---|\n| 1.23 [1.00, 2.00] | 0.2 | 3 | x\\|y |\n| n/a | n/a | yes | z |\n"
    )


def test_a_tiny_number_is_not_shown_as_0() -> None:
    """A p-value of a millionth; zero itself is."""
    assert [shown(value, 3) for value in (1e-6, 0.0, -1e-5, 0.001)] == ["1.0e-06", "0.000", "-1.0e-05", "0.001"]


def test_a_band_is_two_columns_in_csv() -> None:
    """It has no value of its own."""
    table = Table("T", "", (band_column("chance", "chance", 1),), [{"chance": Band(0.25, 0.5)}, {"chance": None}])
    assert table.to_csv() == "chance_low,chance_high\n0.25,0.5\nn/a,n/a\n"
    assert "| 0.2 to 0.5 |" in table.to_markdown()


def test_why_a_cell_is_missing_stands_below_the_table_once() -> None:
    """Each reason with the columns it concerns."""
    columns = (Column("a", "A"), Column("b", "B"))
    rows = [{"a": Missing("no samples"), "b": Missing("no samples")}, {"a": Missing("no samples"), "b": 1.0}]
    table = Table("T", "", columns, rows, ("The study has no runs.",))  # type: ignore[arg-type]
    assert table.to_csv() == "a,b\nn/a,n/a\nn/a,1\n"
    assert table.to_markdown().endswith("\nThe study has no runs.\n\nn/a (A, B): no samples.\n")


def test_a_table_without_rows_says_only_why() -> None:
    """No header above nothing."""
    assert Table("T", "", (Column("a", "A"),), [], ("Nothing.",)).to_markdown() == "\nNothing.\n"


def test_outside_is_beyond_either_bound() -> None:
    """The bounds themselves are inside; what is not known is neither."""
    band = Band(0.2, 0.4)
    assert [is_outside(value, band) for value in (0.1, 0.2, 0.3, 0.4, 0.5)] == [True, False, False, False, True]
    assert is_outside(Interval(0.5, 0.0, 1.0), band) is True
    assert is_outside(None, band) is None
    assert is_outside(0.5, Missing("no log-probabilities")) is None
    assert value_of(Missing("x")) is None


def test_a_name_stays_in_its_cell_and_does_nothing() -> None:
    """Line breaks, a tag, a link and a bar in Markdown; a formula in CSV, where a negative number stays one."""
    rows: list[Row] = [{"name": "a|b\n# <b>\x1b[c](d)", "number": -0.5}, {"name": "=1+1", "number": 1.0}]
    table = Table("T", "", (Column("name", "name"), Column("number", "number")), rows)
    assert table.to_markdown().splitlines()[2] == r"| a\|b # &lt;b>\x1b[c]\(d) | -0.50 |"
    assert table.to_csv().splitlines()[-1] == "'=1+1,1"
    assert table.to_csv().splitlines()[-2].endswith(",-0.5")


def test_text_of_others_does_nothing_in_csv() -> None:
    """A terminal's escape, a line break, a sign that turns the direction of writing, half a character, a formula."""
    assert csv_text("a\x1b[2J\nb\u202e\ud800") == r"a\x1b[2J b\u202e\ud800"
    assert csv_text("\t=1") == "'=1"


def test_a_sentence_below_a_table_does_nothing_either() -> None:
    """It may be a reference's last words."""
    hostile = "E <img src=x> [c](d)\x1b]0;x\n# H"
    table = Table("T", "", (Column("a", "A"),), [{"a": Missing(hostile)}], (f"Run x: {hostile}.",))
    said = r"E &lt;img src=x> [c]\(d)\x1b]0;x # H."
    assert table.to_markdown().endswith(f"\nRun x: {said}\n\nn/a (A): {said}\n")


def test_a_backslash_before_a_bar_does_not_free_it() -> None:
    """Markdown takes the first of two for the second, and the bar would begin another cell."""
    assert markdown_text("a\\| 9.9") == "a\\\\\\| 9.9"
