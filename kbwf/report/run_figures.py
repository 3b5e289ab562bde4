"""Adaptation drawn: trajectories by task, the probe, and regimes."""

from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.ticker import MaxNLocator

from kbwf.metrics.adaptation import REGIME_LINE
from kbwf.metrics.statistics import Interval
from kbwf.records import Trajectory
from kbwf.report.run_tables import NO_RUNS
from kbwf.report.runs import control_points, regime_points, runs_by_name
from kbwf.report.study import Study
from kbwf.report.style import BAND_COLOUR, CONTROL_COLOUR, empty, error_bars, looks
from kbwf.report.table import Row, Table, value_of

_MAX_COLUMNS = 3


def draw_trajectories(figure: Figure, study: Study, table: Table) -> None:
    """A panel per run: each task thin, all tasks thick, a star at the chosen step, the control's height in grey."""
    trajectories = sorted(study.trajectories, key=lambda one: one.run_id)
    if not trajectories:
        empty(figure, NO_RUNS)
        return
    columns = min(_MAX_COLUMNS, len(trajectories))
    lines = -(-len(trajectories) // columns)
    figure.set_size_inches(3.4 * columns + 0.8, 2.9 * lines + 0.6)
    axes_of = list(figure.subplots(lines, columns, squeeze=False, sharey=True).flat)
    for axes in axes_of[len(trajectories) :]:
        axes.set_axis_off()
    for axes, trajectory in zip(axes_of, trajectories, strict=False):
        ours = [row for row in table.rows if (row["run"], row["task_id"]) == (trajectory.run_id, "all")]
        control = value_of(ours[0]["identity"]) if ours else None
        if control is not None:
            axes.axhspan(0, control, color=BAND_COLOUR, alpha=0.5, lw=0)
        for number, task_id in enumerate(sorted(trajectory.fast_1_by_task_N[0])):
            colour, marker = looks(number)
            heights = [step[task_id] for step in trajectory.fast_1_by_task_N]
            axes.plot(heights, color=colour, marker=marker, ms=3, lw=1, label=task_id)
        axes.plot(trajectory.fast_1_N, color="black", lw=2.5, label="all tasks")
        axes.plot(
            [trajectory.chosen_step], [trajectory.fast_1_N[trajectory.chosen_step]], marker="*", ms=15, color="#F0E442",
            mec="black", ls="", label="chosen",
        )  # fmt: skip
        axes.set_title(trajectory.run_id, fontsize=9)
        axes.set_ylim(-0.03, 1.03)
        axes.set_xticks(range(len(trajectory.fast_1_N)))
        axes.set_xlabel("step")
        _legend(axes, trajectory)
    figure.supylabel("sample fast_1; grey: identity control", fontsize=9)


def _legend(axes: Axes, trajectory: Trajectory) -> None:
    if len(trajectory.fast_1_by_task_N[0]) <= 6:
        axes.legend(fontsize=6)


def draw_probe(figure: Figure, table: Table) -> None:
    """ρ of NLL and speedup by step, over all samples and in the bottom quartile, and the published points."""
    runs = list(dict.fromkeys(str(row["run"]) for row in table.rows))
    if not runs:
        empty(figure, " ".join(table.missing))
        return
    left, right = figure.subplots(1, 2)
    figure.set_size_inches(8, 3.6)
    for axes, name, title in ((left, "rho", "all samples"), (right, "tail_rho", "bottom quartile")):
        for number, run in enumerate(runs):
            found = [(row["step"], row[name]) for row in table.rows if row["run"] == run]
            drawn = [(step, cell) for step, cell in found if isinstance(cell, Interval) and isinstance(step, int)]
            colour, marker = looks(number)
            axes.errorbar(
                [step + 0.06 * number for step, _ in drawn], [cell.value for _, cell in drawn],
                yerr=error_bars([cell for _, cell in drawn]), color=colour, marker=marker, ms=5, lw=1, capsize=3,
                label=run,
            )  # fmt: skip
        _published(axes, table.rows, "published_rho" if name == "rho" else "published_tail")
        axes.axhline(0, color=CONTROL_COLOUR, lw=1)
        axes.set_title(title)
        axes.xaxis.set_major_locator(MaxNLocator(integer=True))
        axes.set_xlabel("step")
    left.set_ylabel("ρ of NLL and speedup")
    handles, labels = left.get_legend_handles_labels()
    figure.legend(handles, labels, loc="outside lower center", ncols=3)


def _published(axes: Axes, rows: list[Row], name: str) -> None:
    points = sorted({(row["step"], row[name]) for row in rows if row[name] is not None})
    if points:
        axes.plot(*zip(*points, strict=True), "+:", color="black", ms=9, label="published")


def draw_regimes(figure: Figure, study: Study) -> None:
    """Gain of each task on fresh samples against its base success; the line at 30 %, no gain at 0."""
    points = {name: regime_points(runs) for name, runs in runs_by_name(study).items()}
    points = {name: of_run for name, of_run in points.items() if of_run}
    if not points:
        empty(figure, NO_RUNS if not study.summaries else "no run has fresh samples of its tasks")
        return
    axes = figure.add_subplot()
    for number, (name, of_run) in enumerate(points.items()):
        colour, marker = looks(number)
        deciding, base, adapted = zip(*of_run.values(), strict=True)
        gains = [after - before for after, before in zip(adapted, base, strict=True)]
        axes.plot(deciding, gains, color=colour, marker=marker, ls="", mfc="none", label=name)
    control = control_points(study)
    if control:
        deciding, base, adapted = zip(*control.values(), strict=True)
        gains = [after - before for after, before in zip(adapted, base, strict=True)]
        axes.plot(deciding, gains, color=CONTROL_COLOUR, marker="x", ls="", label="identity control")
    axes.axvline(REGIME_LINE, color="black", ls="--", lw=1)
    axes.axhline(0, color=CONTROL_COLOUR, lw=1)
    axes.set_xlim(-0.03, 1.03)
    axes.set_xlabel("success of the first policy, by the rollouts of step 0")
    axes.set_ylabel("gain in sample fast_1, fresh samples")
    figure.legend(loc="outside right upper")
