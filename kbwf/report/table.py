"""A table of the report: cells of several kinds, as CSV and as Markdown."""

import csv
import io
from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import NamedTuple

from kbwf.metrics.statistics import Interval, Missing
from kbwf.printable import printable


class Band(NamedTuple):
    """What chance gives: the bounds between which a number says nothing."""

    low: float
    high: float


Cell = str | float | bool | Interval | Band | Missing | None
Row = dict[str, Cell]


@dataclass(frozen=True)
class Column:
    """A column: its name in CSV, its title in Markdown, and the decimals shown there."""

    name: str
    title: str
    digits: int = 2
    bounds: tuple[str, ...] = ()
    """In CSV besides or instead of `name`: `low` and `high` for an interval and for a band."""
    is_band: bool = False

    @property
    def csv_names(self) -> list[str]:
        """One name per number of a cell."""
        own = [] if self.is_band else [self.name]
        return [*own, *(f"{self.name}_{bound}" for bound in self.bounds)]


def interval_column(name: str, title: str, digits: int = 2) -> Column:
    """In CSV three columns: `name`, `name_low`, `name_high`."""
    return Column(name, title, digits, ("low", "high"))


def band_column(name: str, title: str, digits: int = 2) -> Column:
    """In CSV two columns: `name_low`, `name_high`."""
    return Column(name, title, digits, ("low", "high"), is_band=True)


@dataclass(frozen=True)
class Table:
    """Rows of cells with a title and what must be known to read them; None and `Missing` are shown as n/a."""

    title: str
    note: str
    columns: tuple[Column, ...]
    rows: list[Row]
    missing: tuple[str, ...] = field(default=())
    """What the table as a whole lacks, in sentences."""

    @property
    def has_published(self) -> bool:
        """A column holds the paper's figures."""
        return any(column.name.startswith("published") for column in self.columns)

    def to_csv(self) -> str:
        """CSV with six significant digits."""
        text = io.StringIO()
        writer = csv.writer(text, lineterminator="\n")
        writer.writerow([name for column in self.columns for name in column.csv_names])
        for row in self.rows:
            writer.writerow([text for column in self.columns for text in _csv_cells(row[column.name], column)])
        return text.getvalue()

    def to_markdown(self) -> str:
        """A Markdown table; an interval is one cell, `value [low, high]`. Below it, why cells are n/a."""
        lines = [
            "| " + " | ".join(markdown_text(column.title) for column in self.columns) + " |",
            "|" + "|".join("---" if self.is_text(column) else "---:" for column in self.columns) + "|",
        ]
        for row in self.rows:
            cells = (markdown_text(shown(row[column.name], column.digits)) for column in self.columns)
            lines.append("| " + " | ".join(cells) + " |")
        table = "\n".join(lines) + "\n" if self.rows else ""
        return table + "".join(f"\n{markdown_text(sentence)}\n" for sentence in self.reasons())

    def is_text(self, column: Column) -> bool:
        """The column holds words rather than numbers."""
        return any(isinstance(row[column.name], str) for row in self.rows)

    def reasons(self) -> list[str]:
        """Why cells are not available, one sentence for each reason."""
        titles: dict[str, list[str]] = {}
        for row in self.rows:
            for column in self.columns:
                cell = row[column.name]
                if isinstance(cell, Missing):
                    titles.setdefault(cell.reason, []).append(column.title)
        return [*self.missing, *(f"n/a ({_listed(names)}): {reason}." for reason, names in titles.items())]


def shown(cell: Cell, digits: int) -> str:
    """A cell as people read it."""
    number = "{:." + str(digits) + "f}"
    if isinstance(cell, Interval):
        return f"{number} [{number}, {number}]".format(cell.value, cell.low, cell.high)
    if isinstance(cell, Band):
        return f"{number} to {number}".format(*cell)
    return _plain(cell, number)


def markdown_text(text: str) -> str:
    """One line that stays in its cell and means nothing to HTML: names come with the tasks."""
    line = " ".join(text.split()).replace("\\", "\\\\")  # first, or one before a bar would free it
    line = line.replace("&", "&amp;").replace("<", "&lt;").replace("|", "\\|")
    return printable(line.replace("](", "]\\("))


def csv_text(text: str) -> str:
    """One line that does nothing to a terminal, behind an apostrophe if a spreadsheet would compute it."""
    line = printable(" ".join(text.split()))
    return f"'{line}" if line.startswith(("=", "+", "-", "@")) else line


def percent(share: float) -> str:
    """As it is: rounded, a level of 0.999 would be called certain."""
    return f"{100 * share:g}%"


def value_of(cell: Cell) -> float | None:
    """The number of a cell, an interval's estimate; None if there is none."""
    if isinstance(cell, Interval):
        return cell.value
    return float(cell) if isinstance(cell, int | float) else None


def is_outside(cell: Cell, band: Cell) -> bool | None:
    """Whether the number lies outside the band; None if one of the two is not known."""
    value = value_of(cell)
    return None if value is None or not isinstance(band, Band) else not band.low <= value <= band.high


def _csv_cells(cell: Cell, column: Column) -> list[str]:
    numbers = (cell.value, cell.low, cell.high) if isinstance(cell, Interval) else cell
    if isinstance(numbers, tuple) and len(numbers) == len(column.csv_names):
        return [f"{number:.6g}" for number in numbers]
    text = csv_text(cell) if isinstance(cell, str) else _plain(cell, "{:.6g}")
    return [text] * len(column.csv_names)


def _plain(cell: Cell, number: str) -> str:
    if cell is None or isinstance(cell, Missing):
        return "n/a"
    if isinstance(cell, bool):
        return "yes" if cell else "no"
    if not isinstance(cell, float):
        return str(cell)
    text = number.format(cell)
    return f"{cell:.1e}" if cell and not float(text) else text  # a tiny p-value is not 0


def _listed(names: Iterable[str]) -> str:
    return ", ".join(dict.fromkeys(names))
