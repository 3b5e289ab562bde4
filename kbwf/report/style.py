"""How figures look and are written: one style, as SVG and PNG that depend on the numbers only.

Colours are those of Okabe and Ito, told apart by readers with any colour vision; markers, line styles and hatches
carry the same distinctions in grey. What noise or chance gives is always a grey band or a grey mark.
"""

import io
from collections.abc import Callable
from typing import Any, NamedTuple

import matplotlib
from matplotlib.axes import Axes
from matplotlib.axis import Axis
from matplotlib.figure import Figure
from matplotlib.layout_engine import ConstrainedLayoutEngine
from matplotlib.ticker import AutoLocator, LogLocator, NullLocator

from kbwf.metrics.statistics import Interval
from kbwf.records import CONTROL

STYLE: Any = {
    "svg.hashsalt": "kbwf",
    "svg.fonttype": "none",
    "font.family": "sans-serif",
    "font.size": 10,
    "axes.spines.top": False,
    "axes.spines.right": False,
    "axes.grid": True,
    "axes.axisbelow": True,
    "axes.titlesize": 10,
    "grid.color": "#dddddd",
    "grid.linewidth": 0.6,
    "hatch.linewidth": 0.6,
    "legend.frameon": False,
    "legend.fontsize": 9,
    "savefig.dpi": 150,
}
COLOURS = ("#0072B2", "#D55E00", "#009E73", "#CC79A7", "#56B4E9", "#E69F00")
CONTROL_COLOUR = "#666666"
BAND_COLOUR = "#bbbbbb"
MARKERS = "os^Dvp"
_NARROW = 6.0
"""Below this ratio of its ends an axis has evenly spaced marks."""
HATCHES = ("", "//", "..", "xx", "\\\\", "--")


class Picture(NamedTuple):
    """A finished figure."""

    title: str
    table: str
    """Name of the table that it draws."""
    svg: str
    png: bytes


def picture(title: str, table: str, draw: Callable[[Figure], None]) -> Picture:
    """Draw in the common style. No date and no random ids: equal numbers give equal bytes."""
    with matplotlib.rc_context(STYLE):
        engine = ConstrainedLayoutEngine()
        figure = Figure(figsize=(7, 4.2), layout=engine)
        draw(figure)
        for _ in range(2):  # the first time it does not know yet how wide the labels are
            engine.execute(figure)
        figure.set_layout_engine("none")  # laid out once, not for each of the two files
        text, image = io.StringIO(), io.BytesIO()
        figure.savefig(text, format="svg", metadata={"Date": None, "Creator": None})
        figure.savefig(image, format="png", metadata={"Software": None})
    return Picture(title, table, text.getvalue(), image.getvalue())


def looks(number: int, name: str = "") -> tuple[str, str]:
    """Colour and marker of the n-th of several; the control is grey."""
    if name == CONTROL:
        return CONTROL_COLOUR, "x"
    return COLOURS[number % len(COLOURS)], MARKERS[number % len(MARKERS)]


def speedup_axis(axis: Axis) -> None:
    """Ratios on a logarithmic scale, marked with plain numbers; call it when everything is drawn."""
    axis.axes.set(**{f"{axis.axis_name}scale": "log"})  # type: ignore[attr-defined]
    low, high = axis.get_view_interval()
    is_narrow = high < _NARROW * low
    axis.set_major_locator(AutoLocator() if is_narrow else LogLocator(base=10, subs=(1.0, 2.0, 5.0), numticks=8))
    axis.set_major_formatter(lambda value, _: f"{value:g}")
    axis.set_minor_locator(NullLocator())


def error_bars(values: list[Interval]) -> list[list[float]]:
    """Lengths of the intervals below and above their estimates, as matplotlib takes them."""
    return [[one.value - one.low for one in values], [one.high - one.value for one in values]]


def say(axes: Axes, sentence: str) -> None:
    """In the middle of an empty picture."""
    axes.text(0.5, 0.5, sentence, transform=axes.transAxes, ha="center", va="center", wrap=True)


def empty(figure: Figure, sentence: str) -> None:
    """A picture that says why there is nothing to draw."""
    figure.set_size_inches(7, 1.2)
    axes = figure.add_subplot()
    axes.set_axis_off()
    say(axes, sentence)
