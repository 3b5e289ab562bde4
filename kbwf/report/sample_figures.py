"""Samples drawn: statuses, speedups by task, surprisal against speedup, and seconds."""

from typing import Any

import numpy as np
import pandas as pd
from matplotlib.figure import Figure

from kbwf.records import CONTROL, EvalStatus
from kbwf.report.study import Study
from kbwf.report.style import CONTROL_COLOUR, HATCHES, empty, looks, speedup_axis
from kbwf.report.table import Table, value_of

STATUS_LOOKS: dict[EvalStatus, tuple[str, str]] = {
    EvalStatus.PASSED: ("#009E73", ""),
    EvalStatus.NO_KERNEL: ("#FFFFFF", ""),
    EvalStatus.COMPILE_ERROR: ("#F0E442", ""),
    EvalStatus.RUNTIME_ERROR: ("#E69F00", "//"),
    EvalStatus.WRONG_TYPE: ("#56B4E9", ".."),
    EvalStatus.WRONG_SHAPE: ("#56B4E9", "\\\\"),
    EvalStatus.WRONG_DTYPE: ("#56B4E9", "xx"),
    EvalStatus.WRONG_VALUES: ("#0072B2", "++"),
    EvalStatus.INPUT_CHANGED: ("#0072B2", "//"),
    EvalStatus.TIMEOUT: ("#CC79A7", ""),
    EvalStatus.CRASHED: ("#D55E00", ""),
    EvalStatus.FLAGGED: ("#222222", ""),
    EvalStatus.TASK_REFUSED: ("#FFFFFF", "xx"),
}
"""Colour and hatch of each status: relatives share a colour."""
UNLISTED_LOOK = ("#999999", "--")
_MAX_TASKS = 20
_MAX_POINTS = 400
"""Of one task in the scatter; evenly taken from more."""


def draw_status(figure: Figure, table: Table) -> None:
    """A bar per policy, stacked by status; statuses that never occur are left out."""
    names = {column.name for column in table.columns}
    policies = [column.name for column in table.columns if f"{column.name}_frac" in names]
    figure.set_size_inches(7, 1.5 + 0.55 * max(1, len(policies)))
    axes = figure.add_subplot()
    lefts = [0.0] * len(policies)
    for row in table.rows[:-1]:
        shares = [value_of(row[f"{policy}_frac"]) or 0.0 for policy in policies]
        if not any(shares):
            continue
        status = EvalStatus(str(row["status"]))
        colour, hatch = STATUS_LOOKS.get(status, UNLISTED_LOOK)
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
        figure.legend(loc="outside right upper")
    else:
        axes.text(0.5, 0.5, "no samples", transform=axes.transAxes, ha="center")


def draw_speedups(figure: Figure, study: Study) -> None:
    """Each task's correct samples: median, middle half and range, beside the control's median and its range."""
    frame = study.compared[study.compared["is_correct"]]
    tasks, left_out = _tasks_of(frame)
    if not tasks:
        empty(figure, "no sample is correct")
        return
    figure.set_size_inches(7, 1.6 + 0.34 * len(tasks))
    axes = figure.add_subplot()
    policies = [*study.shown_policies, CONTROL] if CONTROL not in study.shown_policies else study.shown_policies
    offsets = np.linspace(-0.25, 0.25, len(policies)) if len(policies) > 1 else [0.0]
    for number, (policy_id, offset) in enumerate(zip(policies, offsets, strict=True)):
        colour, marker = looks(number, policy_id)
        ours = frame[frame["policy_id"] == policy_id].groupby("task_id")["speedup"]
        for task_id, speedups in ours:
            if task_id not in tasks:
                continue
            low, quarter, middle, three, high = speedups.quantile([0.0, 0.25, 0.5, 0.75, 1.0])
            place = tasks.index(task_id) + offset
            axes.plot([low, high], [place, place], color=colour, lw=0.8)
            axes.plot([quarter, three], [place, place], color=colour, lw=4, alpha=0.5, solid_capstyle="butt")
            axes.plot([middle], [place], color=colour, marker=marker, ms=5)
        axes.plot([], [], color=colour, marker=marker, label=policy_id)
    axes.axvline(1, color="black", lw=0.8)
    speedup_axis(axes.xaxis)
    axes.set_yticks(range(len(tasks)), tasks)
    axes.invert_yaxis()
    axes.set_xlabel(f"speedup of correct samples, ×: median, middle half, range{left_out}")
    figure.legend(loc="outside lower center", ncols=4)


def draw_surprisal(figure: Figure, study: Study) -> None:
    """Speedup against surprisal, a panel per task with its own surprisals; the grey line is the control's median."""
    frame = study.compared[study.compared["is_correct"] & study.compared["surprisal_nats"].notna()]
    frame = frame[frame["policy_id"].isin([one for one in study.shown_policies if one != CONTROL])]
    tasks, left_out = _tasks_of(frame)
    if not tasks:
        empty(figure, "no correct sample has a surprisal")
        return
    columns = min(4, len(tasks))
    lines = -(-len(tasks) // columns)
    figure.set_size_inches(2.1 * columns + 0.6, 1.9 * lines + 0.6)
    panels = list(figure.subplots(lines, columns, squeeze=False).flat)
    control = study.control.groupby("task_id")["speedup"].median()
    for axes in panels[len(tasks) :]:
        axes.set_axis_off()
    for axes, task_id in zip(panels, tasks, strict=False):
        axes.axhline(control.get(task_id, 1.0), color=CONTROL_COLOUR, lw=1)
        for number, policy_id in enumerate(study.shown_policies):
            ours = _thinned(frame[(frame["task_id"] == task_id) & (frame["policy_id"] == policy_id)])
            colour, marker = looks(number)
            axes.plot(ours["surprisal_nats"], ours["speedup"], marker, color=colour, ms=3, mfc="none", rasterized=True)
        speedup_axis(axes.yaxis)
        axes.set_title(task_id, fontsize=8)
        axes.tick_params(labelsize=7, which="both")
    figure.supxlabel(f"surprisal, nats{left_out}", fontsize=9)
    figure.supylabel("speedup, ×", fontsize=9)


def _tasks_of(frame: pd.DataFrame) -> tuple[list[Any], str]:
    """The tasks that a figure has room for, and what it says of the others."""
    tasks = sorted(frame["task_id"].unique())
    is_cut = len(tasks) > _MAX_TASKS
    return tasks[:_MAX_TASKS], f" (the first {_MAX_TASKS} of {len(tasks)} tasks)" if is_cut else ""


def _thinned(frame: pd.DataFrame) -> pd.DataFrame:
    return frame.iloc[:: -(-len(frame) // _MAX_POINTS) or 1]


def draw_seconds(figure: Figure, table: Table) -> None:
    """A bar per policy, stacked by phase of its evaluations and updates."""
    if not table.rows:
        empty(figure, " ".join(table.missing))
        return
    policies = list(dict.fromkeys(str(row["policy"]) for row in table.rows))
    phases = list(dict.fromkeys(str(row["phase"]) for row in table.rows))
    figure.set_size_inches(7, 1.8 + 0.4 * len(policies))
    axes = figure.add_subplot()
    lefts = dict.fromkeys(policies, 0.0)
    for number, phase in enumerate(phases):
        spent = {str(row["policy"]): value_of(row["seconds_s"]) or 0.0 for row in table.rows if row["phase"] == phase}
        widths = [spent.get(policy_id, 0.0) for policy_id in policies]
        axes.barh(
            policies, widths, left=list(lefts.values()), height=0.6, color=looks(number)[0], edgecolor="black",
            linewidth=0.6, hatch=HATCHES[(number // 6 + number) % len(HATCHES)], label=phase,
        )  # fmt: skip
        lefts = {one: lefts[one] + width for one, width in zip(policies, widths, strict=True)}
    axes.grid(visible=False, axis="y")
    axes.invert_yaxis()
    axes.set_xlabel("wall seconds")
    figure.legend(loc="outside lower center", ncols=3)
