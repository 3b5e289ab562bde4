"""What became of the samples: statuses, tasks, speedups, seconds, and the noise floor. Axes: S samples, B blocks."""

from collections import defaultdict
from collections.abc import Sequence
from statistics import fmean, geometric_mean

import pandas as pd

from kbwf.metrics.statistics import Interval, Missing, bootstrap_mean, bootstrap_median
from kbwf.records import CONTROL, ConfirmedKernel, EvalStatus, Selection
from kbwf.report.published import published
from kbwf.report.study import Study, by_task, correct_only, policies_of
from kbwf.report.table import Column, Row, Table, interval_column
from kbwf.settings import ReportSettings, SelectionSettings
from kbwf.strategies.best_of_n import best_choice


def status_table(study: Study) -> Table:
    """One row per status, for each policy the number and the share of its samples."""
    frame = study.compared
    counts = frame.groupby(["policy_id", "status"]).size()
    columns = [Column("status", "status")]
    rows: list[Row] = [{"status": name} for name in (*(status.value for status in EvalStatus), "all")]
    for policy_id in policies_of(frame["policy_id"]):
        columns += [Column(policy_id, policy_id), Column(f"{policy_id}_frac", "share", digits=3)]
        total = int((frame["policy_id"] == policy_id).sum())
        for row in rows:
            count = total if row["status"] == "all" else int(counts.get((policy_id, row["status"]), 0))
            row |= {policy_id: count, f"{policy_id}_frac": count / total}
    note = "Every sample is counted once; passed means right outputs in every trial."
    return Table("Samples by status", note, tuple(columns), rows)


def task_table(study: Study, cfg: ReportSettings, selection_cfg: SelectionSettings) -> Table:
    """One row per task and policy: its best kernel (by `selection.best`) beside what the control measured there."""
    groups = dict(list(study.compared.groupby(["task_id", "policy_id"])))
    nothing = study.compared.iloc[:0]
    choices: dict[tuple[str, str], list[Selection]] = defaultdict(list)
    for selection in study.selections:
        if selection.strategy == selection_cfg.best:
            choices[selection.task_id, selection.policy_id].append(selection)
    rows: list[Row] = []
    for task in study.tasks:
        identity = pooled_speedup(groups.get((task.task_id, CONTROL), nothing), cfg)
        for policy_id in study.shown_policies:
            ours = groups.get((task.task_id, policy_id), nothing)
            choice = best_choice(choices[task.task_id, policy_id], study.confirmed)
            kernel = study.confirmed(choice) if choice else None
            seconds = [sum(seconds.values()) for seconds in ours["seconds_s"][~ours["is_reused"]] if seconds]
            rows.append(
                {
                    "task_id": task.task_id,
                    "name": task.name,
                    "policy": policy_id,
                    "num_correct": int(ours["is_correct"].sum()),
                    "num_samples": len(ours),
                    "confirmed_speedup": _speedup_of(kernel),
                    "comparison": kernel.comparison if kernel else None,
                    "best_speedup": _speedup_of(choice),
                    "identity_speedup": identity,
                    "identity_covers_1": identity.covers(1.0) if identity else None,
                    "seconds_per_sample_s": fmean(seconds) if seconds else None,
                }
            )
    columns = (
        Column("task_id", "task"),
        Column("name", "name"),
        Column("policy", "policy"),
        Column("num_correct", "correct"),
        Column("num_samples", "drawn"),
        interval_column("confirmed_speedup", "best kernel's confirmed speedup"),
        Column("comparison", "verdict"),
        interval_column("best_speedup", "chosen by"),
        interval_column("identity_speedup", "identity's speedup", 3),
        Column("identity_covers_1", "identity covers 1.00"),
        Column("seconds_per_sample_s", "s per sample"),
    )
    for task, reason in study.refused:
        refused: Row = {column.name: None for column in columns}
        why = reason.removeprefix(f"{task.task_id} {task.name}: ").rstrip(".")  # which the judge's errors begin with
        missing = Missing(f"{task.task_id} cannot be judged: {why}")
        rows.append(refused | {"task_id": task.task_id, "name": task.name, "confirmed_speedup": missing})
    return Table(
        "Tasks",
        "The best kernel is the one in the folder of best kernels: its speedup when it was measured again in fresh"
        " processes, with the verdict of its interval, and the one that it was chosen by, which as the best of many"
        " noisy numbers is likely to lie above. A task that cannot be judged counts nowhere else. The identity"
        " control's speedup is pooled over its samples, with an interval clustered by sample. Seconds are those of"
        " evaluating one sample that was not reused.",
        columns,
        rows,
    )


def pooled_speedup(samples: pd.DataFrame, cfg: ReportSettings) -> Interval | None:
    """Median speedup over one task's correct samples, with the interval of all their blocks clustered by sample."""
    ratios_S_B = [ratios_B for ratios_B in samples["ratios_B"] if ratios_B]
    return bootstrap_median(ratios_S_B, cfg.num_resamples, cfg.bootstrap_seed, cfg.confidence_level)


def _speedup_of(choice: Selection | ConfirmedKernel | None) -> Interval | None:
    if choice is None or choice.speedup is None or choice.speedup_low is None or choice.speedup_high is None:
        return None
    return Interval(choice.speedup, choice.speedup_low, choice.speedup_high)


def noise_floor_table(study: Study) -> Table:
    """What the pipeline reports where there is nothing to find: the identity control's single measurements."""
    control = study.control
    timed = control[control["is_correct"]]
    row: Row = {"num_samples": len(control), "num_timed": len(timed)}
    row |= dict.fromkeys(("faster_frac", "confidently_faster_frac", "covers_1_frac"), None)
    row |= dict.fromkeys(("speedup_min", "speedup_median", "speedup_max"), None)
    if len(control):
        row["faster_frac"] = float((control["speedup"] > 1).mean())
        row["confidently_faster_frac"] = float((control["speedup_low"] > 1).mean())
    if len(timed):
        row["covers_1_frac"] = float(((timed["speedup_low"] <= 1) & (timed["speedup_high"] >= 1)).mean())
        for name in ("min", "median", "max"):
            row[f"speedup_{name}"] = float(timed["speedup"].agg(name))
    return Table(
        "Noise floor",
        "The identity control is the reference itself, judged like any kernel: its true speedup is 1.",
        (
            Column("num_samples", "identity samples"),
            Column("num_timed", "timed"),
            Column("faster_frac", "speedup > 1", digits=3),
            Column("confidently_faster_frac", "confidently > 1", digits=3),
            Column("covers_1_frac", "interval covers 1", digits=3),
            Column("speedup_min", "min", digits=3),
            Column("speedup_median", "median", digits=3),
            Column("speedup_max", "max", digits=3),
        ),
        [row],
        () if len(control) else (_why_no_control(study),),
    )


def _why_no_control(study: Study) -> str:
    if study.refused and not study.tasks:
        return "No task of this study can be judged on this machine."
    return "The identity control was left out of this study."


def speedup_table(study: Study, cfg: ReportSettings) -> Table:
    """Speedups of all correct samples of every policy, steps of runs included."""
    rows: list[Row] = []
    theirs = published()["mean_speedup_correct"]
    for policy_id in policies_of(study.samples["policy_id"]):
        ours = study.samples[study.samples["policy_id"] == policy_id]
        speedups = ours["speedup"].dropna()
        row: Row = {"policy": policy_id, "num_samples": len(ours), "num_correct": len(speedups)}
        names = ("q05", "median", "q95", "geomean", "mean", "mean_over_tasks", "faster_frac")
        row |= dict.fromkeys(names, Missing("no correct sample"))
        if len(speedups):
            quantiles = speedups.quantile([0.05, 0.5, 0.95])
            row |= dict(zip(names, map(float, quantiles), strict=False))
            row |= {"geomean": geometric_mean(speedups), "mean": float(speedups.mean())}
            row["faster_frac"] = float((speedups > 1).mean())
            tasks = [task for task in by_task(correct_only(ours, "speedup")) if task]
            over_tasks = bootstrap_mean(tasks, cfg.num_resamples, cfg.bootstrap_seed, cfg.confidence_level)
            row["mean_over_tasks"] = over_tasks
        rows.append(row)
    return Table(
        "Speedups of correct samples",
        "Every correct sample counts once, also those that repeat a kernel; rollouts and fresh samples of runs are"
        " included. The row of the identity control shows what noise alone gives. Means of ratios favour the fast: two"
        " kernels of 4× and 0.25× have mean 2.1 and geometric mean 1. Published means of correct samples by seed:"
        f" test-time training {_listed(theirs['ttt_boa'])}, self-distillation {_listed(theirs['sdpo_feedback'])} with"
        f" feedback, {_listed(theirs['sdpo_prompt_only'])} without.",
        (
            Column("policy", "policy"),
            Column("num_samples", "samples"),
            Column("num_correct", "correct"),
            Column("faster_frac", "of these faster", 3),
            Column("q05", "5 %"),
            Column("median", "median"),
            Column("q95", "95 %"),
            Column("geomean", "geometric mean"),
            Column("mean", "mean"),
            interval_column("mean_over_tasks", "mean over tasks"),
        ),
        rows,
    )


def _listed(numbers: Sequence[float]) -> str:
    return ", ".join(f"{number:g}" for number in numbers)
