"""The report's figures, as SVG text that depends on the numbers only: no date, no random ids.

Colours are those of Okabe and Ito, told apart by readers with any colour vision; markers, line styles and hatches
carry the same distinctions in grey.
"""

import io
from collections.abc import Sequence
from typing import Any

import matplotlib
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from kbwf.metrics.statistics import Interval
from kbwf.records import CONTROL, EvalStatus
from kbwf.report.tables import Row, Table

_STYLE: Any = {
    "svg.hashsalt": "kbwf",
    "svg.fonttype": "none",
    "font.family": "sans-serif",
    "font.size": 10,
    "axes.spines.top": False,
    "axes.spines.right": False,
    "axes.grid": True,
    "axes.axisbelow": True,
    "grid.color": "#dddddd",
    "grid.linewidth": 0.6,
    "hatch.linewidth": 0.6,
    "legend.frameon": False,
}
_POLICY_COLOURS = ("#0072B2", "#D55E00", "#009E73", "#CC79A7", "#56B4E9", "#E69F00")
_CONTROL_COLOUR = "#666666"
_MARKERS = "os^Dvp"

_STATUS_LOOKS: dict[EvalStatus, tuple[str, str]] = {
    EvalStatus.PASSED: ("#009E73", ""),
    EvalStatus.NO_KERNEL: ("#FFFFFF", ""),
    EvalStatus.COMPILE_ERROR: ("#F0E442", ""),
    EvalStatus.RUNTIME_ERROR: ("#E69F00", "//"),
    EvalStatus.WRONG_TYPE: ("#56B4E9", ".."),
    EvalStatus.WRONG_SHAPE: ("#56B4E9", "\\\\"),
    EvalStatus.WRONG_DTYPE: ("#56B4E9", "xx"),
    EvalStatus.WRONG_VALUES: ("#0072B2", ""),
    EvalStatus.INPUT_CHANGED: ("#0072B2", "//"),
    EvalStatus.TIMEOUT: ("#CC79A7", ""),
    EvalStatus.CRASHED: ("#D55E00", ""),
    EvalStatus.FLAGGED: ("#222222", ""),
}
"""Colour and hatch of each status: relatives share a colour."""


def scaling_figure(table: Table, confidence_level: float) -> str:
    """fast_1@k against k: a line per policy with its interval shaded, the confident count dashed below it."""
    with matplotlib.rc_context(_STYLE):
        figure = Figure(figsize=(7, 4.2), layout="constrained")
        axes = figure.add_subplot()
        policies = list(dict.fromkeys(str(row["policy"]) for row in table.rows))
        for number, policy_id in enumerate(policies):
            colour = _CONTROL_COLOUR if policy_id == CONTROL else _POLICY_COLOURS[number % len(_POLICY_COLOURS)]
            marker = "x" if policy_id == CONTROL else _MARKERS[number % len(_MARKERS)]
            rows = [row for row in table.rows if row["policy"] == policy_id]
            _draw_line(axes, rows, "fast_1_at_k", policy_id, colour, marker, "-")
            _draw_line(axes, rows, "confident_fast_1_at_k", f"{policy_id}, confidently", colour, marker, (0, (4, 2)))
        ks = sorted({row["k"] for row in table.rows if isinstance(row["k"], int)})
        axes.set_ylim(-0.03, 1.03)
        axes.set_xlabel("k, samples drawn per task")
        axes.set_ylabel("fast_1@k")
        axes.set_title(f"bands: {confidence_level:.0%} intervals over tasks and seeds", fontsize=9)
        if ks:
            axes.set_xscale("log", base=2)
            axes.set_xticks(ks, [str(k) for k in ks])
            axes.minorticks_off()
            figure.legend(loc="outside right upper", fontsize=9)
        _say_if_empty(axes, table, ks)
        return _svg(figure)


def _say_if_empty(axes: Axes, table: Table, ks: Sequence[int]) -> None:
    values = [row["fast_1_at_k"] for row in table.rows]
    if not ks:
        axes.text(0.5, 0.5, "no samples", transform=axes.transAxes, ha="center")
    elif not any(isinstance(value, Interval) and value.value > 0 for value in values):
        axes.text(0.5, 0.5, "no sample is correct and faster", transform=axes.transAxes, ha="center")


def _draw_line(
    axes: Axes,
    rows: list[Row],
    name: str,
    label: str,
    colour: str,
    marker: str,
    style: str | tuple[int, tuple[int, int]],
) -> None:
    points = [(row["k"], row[name]) for row in rows]
    drawn = [(k, value) for k, value in points if isinstance(k, int) and isinstance(value, Interval)]
    ks = [k for k, _ in drawn]
    axes.plot(
        ks, [value.value for _, value in drawn], color=colour, marker=marker, linestyle=style, markersize=5, label=label
    )
    if style == "-":
        axes.fill_between(
            ks, [value.low for _, value in drawn], [value.high for _, value in drawn], color=colour, alpha=0.18, lw=0
        )


def status_figure(table: Table) -> str:
    """A bar per policy, stacked by status; statuses that never occur are left out."""
    policies = [column.name for column in table.columns if f"{column.name}_frac" in {c.name for c in table.columns}]
    with matplotlib.rc_context(_STYLE):
        figure = Figure(figsize=(7, 1.5 + 0.55 * max(1, len(policies))), layout="constrained")
        axes = figure.add_subplot()
        lefts = [0.0] * len(policies)
        for status, row in zip(EvalStatus, table.rows, strict=False):
            shares = [_number(row[f"{policy}_frac"]) for policy in policies]
            if not any(shares):
                continue
            colour, hatch = _STATUS_LOOKS[status]
            axes.barh(
                policies, shares, left=lefts, height=0.6, color=colour, hatch=hatch, edgecolor="black", linewidth=0.6,
                label=status.value.replace("_", " "),
            )  # fmt: skip
            lefts = [left + share for left, share in zip(lefts, shares, strict=True)]
        axes.grid(visible=False, axis="y")
        axes.set_xlim(0, 1)
        axes.invert_yaxis()
        axes.set_xlabel("share of samples")
        if any(lefts):
            figure.legend(loc="outside right upper", fontsize=9)
        else:
            axes.text(0.5, 0.5, "no samples", transform=axes.transAxes, ha="center")
        return _svg(figure)


def _number(cell: object) -> float:
    return float(cell) if isinstance(cell, int | float) else 0.0


def _svg(figure: Figure) -> str:
    text = io.StringIO()
    figure.savefig(text, format="svg", metadata={"Date": None, "Creator": None})
    return text.getvalue()
