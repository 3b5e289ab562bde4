"""Strategies and policies side by side: the strategy comparison, selection, and success against samples."""

from collections.abc import Sequence

from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.patches import Rectangle

from kbwf.metrics.statistics import Interval
from kbwf.records import CONTROL
from kbwf.report.style import BAND_COLOUR, CONTROL_COLOUR, empty, error_bars, looks, say, speedup_axis
from kbwf.report.table import Band, Cell, Row, Table, percent, value_of


def draw_comparison(figure: Figure, selection: Table, scaling: Table, methods: Table) -> None:
    """Every way to spend samples on one axis, with what the identity control gives by the same way, and the paper's."""
    lines: list[tuple[str, Cell, Cell, Cell]] = []
    for policy_id in dict.fromkeys(row["policy"] for row in selection.rows):
        curve = [row for row in scaling.rows if row["policy"] == policy_id]
        for row in curve[:1]:
            lines.append(
                (f"{policy_id}: one sample", row["fast_1_at_k"], row["identity_fast_1_at_k"], row["published"])
            )
        for row in (row for row in selection.rows if row["policy"] == policy_id):
            lines.append((f"{policy_id}: {row['strategy']}", row["success"], row["identity_success"], row["published"]))
    for row in methods.rows:
        lines.append((f"run {row['name']} (of samples)", row["fresh_fast_1"], row["identity"], row["published"]))
    lines = [line for line in lines if value_of(line[1]) is not None]
    if not lines:
        empty(figure, "no strategy made a choice, and there are no runs")
        return
    figure.set_size_inches(7, 1.4 + 0.32 * len(lines))
    axes = figure.add_subplot()
    for place, (_, ours, identity, published) in enumerate(lines):
        if isinstance(ours, Interval):
            axes.plot([ours.low, ours.high], [place, place], color=looks(0)[0], lw=2)
        axes.plot([value_of(ours) or 0.0], [place], color=looks(0)[0], marker="o", label=_once(place, "ours"))
        if (value := value_of(identity)) is not None:
            axes.plot([value], [place], color=CONTROL_COLOUR, marker="x", ls="", label=_once(place, "identity control"))
        if (value := value_of(published)) is not None:
            look = {"color": looks(1)[0], "marker": "D", "mfc": "none", "ls": ""}
            axes.plot([value], [place], label=_once(place, "published"), **look)  # type: ignore[arg-type]
    axes.set_yticks(range(len(lines)), [line[0] for line in lines])
    axes.invert_yaxis()
    axes.set_xlim(-0.03, 1.03)
    axes.set_xlabel("fast_1: share of tasks (of runs: share of samples)")
    _legend_below(figure)


def _once(place: int, label: str) -> str:
    return label if place == 0 else f"_{label}"


def draw_selection(figure: Figure, table: Table) -> None:
    """Success of each strategy with its interval before the band of permuted labels; beside it the mean speedup."""
    rows = [row for row in table.rows if isinstance(row["success"], Interval)]
    if not rows:
        empty(figure, "no strategy made a choice")
        return
    several = len({row["policy"] for row in rows}) > 1
    names = [f"{row['policy']}: {row['strategy']}" if several else str(row["strategy"]) for row in rows]
    figure.set_size_inches(8, 1.6 + 0.36 * len(rows))
    left, right = figure.subplots(1, 2, sharey=True)
    for place, row in enumerate(rows):
        if isinstance(band := row["chance"], Band):
            left.barh(
                place, band.high - band.low, left=band.low, height=0.8, color=BAND_COLOUR, alpha=0.6, hatch="..",
                edgecolor="white",
            )  # fmt: skip
    left.add_patch(
        Rectangle((0, 0), 0, 0, facecolor=BAND_COLOUR, hatch="..", edgecolor="white", label="permuted labels")
    )
    _points(left, [row["success"] for row in rows], 0, "ours")
    _marks(left, [row["identity_success"] for row in rows], "identity control")
    _points(right, [row["speedup_geomean"] for row in rows], 0, "_ours")
    _marks(right, [row["identity_speedup_geomean"] for row in rows], "_identity control")
    left.set_xlim(-0.03, 1.03)
    left.set_xlabel("success: share of tasks")
    right.set_xlabel("speedup, geometric mean, ×")
    right.axvline(1, color="black", lw=0.8)
    speedup_axis(right.xaxis)
    left.set_yticks(range(len(rows)), names)
    left.invert_yaxis()
    _legend_below(figure)


def _points(axes: Axes, cells: Sequence[Cell], number: int, label: str) -> None:
    colour, marker = looks(number)
    found = [(place, cell) for place, cell in enumerate(cells) if value_of(cell) is not None]
    intervals = [
        cell if isinstance(cell, Interval) else Interval(*[value_of(cell) or 0.0] * 3) for _, cell in found
    ]  # fmt: skip
    axes.errorbar(
        [one.value for one in intervals], [place for place, _ in found], xerr=error_bars(intervals), color=colour,
        marker=marker, ls="", capsize=3, label=label,
    )  # fmt: skip


def _marks(axes: Axes, cells: Sequence[Cell], label: str) -> None:
    found = [(value, place) for place, cell in enumerate(cells) if (value := value_of(cell)) is not None]
    axes.plot([value for value, _ in found], [place for _, place in found], "x", color=CONTROL_COLOUR, label=label)


def draw_scaling(figure: Figure, table: Table, confidence_level: float) -> None:
    """fast_1@k against k: a line per policy with its interval shaded, the confident count dashed below it; the
    control's interval is the grey band, the paper's curve dotted."""
    axes = figure.add_subplot()
    policies = list(dict.fromkeys(str(row["policy"]) for row in table.rows))
    for number, policy_id in enumerate(policies):
        colour, marker = looks(number, policy_id)
        rows = [row for row in table.rows if row["policy"] == policy_id]
        _draw_line(axes, rows, "fast_1_at_k", policy_id, colour, marker, "-")
        _draw_line(axes, rows, "confident_fast_1_at_k", f"{policy_id}, confidently", colour, marker, (0, (4, 2)))
    _draw_dealt(axes, [row for row in table.rows if row["policy"] != CONTROL])
    published = sorted({(row["k"], row["published"]) for row in table.rows if row["published"] is not None})
    if published:
        axes.plot(*zip(*published, strict=True), color="black", ls=":", lw=1, marker="+", label="published")
    ks = sorted({row["k"] for row in table.rows if isinstance(row["k"], int)})
    axes.set_ylim(-0.03, 1.03)
    axes.set_xlabel("k, samples drawn per task")
    axes.set_ylabel("fast_1@k")
    axes.set_title(f"bands: {percent(confidence_level)} intervals over tasks and seeds", fontsize=9)
    if not ks:
        say(axes, "no samples")
        return
    axes.set_xscale("log", base=2)
    axes.set_xticks(ks, [str(k) for k in ks])
    axes.minorticks_off()
    figure.legend(loc="outside right upper")
    if not any((value_of(row["fast_1_at_k"]) or 0.0) > 0 for row in table.rows):
        say(axes, "no sample is correct and faster")


def _draw_dealt(axes: Axes, rows: list[Row]) -> None:
    """Of the first policy: between its curve and this band lies that tasks differ."""
    drawn = [(row["k"], row["dealt"]) for row in rows if row["policy"] == rows[0]["policy"]]
    bands = [(k, band) for k, band in drawn if isinstance(k, int) and isinstance(band, Band)]
    if bands:
        axes.fill_between(
            [k for k, _ in bands], [band.low for _, band in bands], [band.high for _, band in bands],
            facecolor="none", edgecolor=BAND_COLOUR, hatch="....", lw=0.8, label="dealt anew over tasks",
        )  # fmt: skip


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


def _legend_below(figure: Figure) -> None:
    figure.legend(loc="outside lower center", ncols=4)
