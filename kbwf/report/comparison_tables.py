"""Two studies side by side: what differs between them, with intervals, and whether the control differs as much.

Axes: P tasks, S seeds. Only tasks that both have are compared: a mean over other tasks is another number.
"""

from collections.abc import Callable, Mapping
from statistics import fmean, geometric_mean

import numpy as np
import pandas as pd

from kbwf.metrics.statistics import Interval, Missing, bootstrap_mean
from kbwf.records import CONTROL, Selection
from kbwf.report.noise import MIN_TASKS, excludes_0
from kbwf.report.runs import successes_by_task
from kbwf.report.study import Study
from kbwf.report.table import Cell, Column, Row, Table, interval_column
from kbwf.settings import ReportSettings

ByTask = Mapping[str, float]
Measure = Callable[[Study, str], ByTask]


def difference_table(first: Study, second: Study, pairs: list[tuple[str, str]], cfg: ReportSettings) -> Table:
    """One row per measure for each pair of policies: both values, and the second minus the first.

    Args:
        pairs: policy of the first study, and the policy of the second that it is held against.
    """
    measures: dict[str, Measure] = {
        "correct samples": _correct,
        "sample fast_1": lambda study, policy_id: _success(study.of_policy(policy_id), "speedup"),
        "confident sample fast_1": lambda study, policy_id: _success(study.of_policy(policy_id), "speedup_low"),
    }
    for strategy in dict.fromkeys(one.strategy for one in (*first.selections, *second.selections)):
        measures[f"success of {strategy}"] = _selecting(strategy)
    rows: list[Row] = []
    for ours, theirs in pairs:
        for name, measure in measures.items():
            rows.append(
                {
                    "policies": ours if ours == theirs else f"{ours}, {theirs}",
                    "measure": name,
                    **_difference(measure(first, ours), measure(second, theirs), cfg),
                    "control": _difference(measure(first, CONTROL), measure(second, CONTROL), cfg)["difference"],
                }
            )
    return Table(
        "Differences",
        "Means over the tasks that both studies have, each task's mean over its samples or seeds. Difference: second"
        " minus first, by task, with a bootstrap interval over tasks; of fewer than"
        f" {MIN_TASKS} tasks it is not said to exclude 0. Control: the same difference of the two identity controls,"
        " where there is nothing to find: a"
        " difference that it shows too says something about judge or machine, not about the policy.",
        (
            Column("policies", "policies"),
            Column("measure", "measure"),
            Column("num_tasks", "tasks"),
            interval_column("first", "first", 3),
            interval_column("second", "second", 3),
            interval_column("difference", "difference", 3),
            Column("excludes_0", "excludes 0"),
            interval_column("control", "difference of the control", 3),
        ),
        rows,
    )


def _difference(first: ByTask, second: ByTask, cfg: ReportSettings) -> Row:
    shared = sorted(first.keys() & second.keys())
    if not shared:
        nothing: Cell = Missing("one of the studies has no such number for a task of the other")
        return {"num_tasks": 0, "first": nothing, "second": nothing, "difference": nothing, "excludes_0": None}
    columns = {
        "first": [first[task_id] for task_id in shared],
        "second": [second[task_id] for task_id in shared],
        "difference": [second[task_id] - first[task_id] for task_id in shared],
    }
    cells = {name: _over_tasks(values, cfg) for name, values in columns.items()}
    return {"num_tasks": len(shared), **cells, "excludes_0": excludes_0(cells["difference"], len(shared))}


def _over_tasks(values_P: list[float], cfg: ReportSettings) -> Interval:
    interval = bootstrap_mean(
        [[value] for value in values_P], cfg.num_resamples, cfg.bootstrap_seed, cfg.confidence_level
    )
    assert interval is not None, "there are tasks"
    return interval


def _correct(study: Study, policy_id: str) -> ByTask:
    means = study.of_policy(policy_id).groupby("task_id")["is_correct"].mean()
    return {str(task_id): float(mean) for task_id, mean in means.items()}


def _success(frame: pd.DataFrame, column: str) -> ByTask:
    successes = successes_by_task(frame.assign(speedup=frame[column]))
    return {task_id: fmean(seeds) for task_id, seeds in successes.items()}


def _selecting(strategy: str) -> Measure:
    def success(study: Study, policy_id: str) -> ByTask:
        by_task: dict[str, list[Selection]] = {}
        for one in study.selections:
            if (one.policy_id, one.strategy, one.unavailable) == (policy_id, strategy, ""):
                by_task.setdefault(one.task_id, []).append(one)
        return {task_id: fmean(one.fast_1 for one in some) for task_id, some in by_task.items()}

    return success


def equal_kernels_table(first: Study, second: Study, cfg: ReportSettings) -> Table:
    """What the two judges say of the same kernels, whoever wrote them, and of the control."""
    rows: list[Row] = []
    kernels = [_kernels(study, is_control=False) for study in (first, second)]
    controls = [_kernels(study, is_control=True) for study in (first, second)]
    for what, (ours, theirs) in (("kernels in both studies", kernels), ("identity control", controls)):
        both = ours.merge(theirs, on=["task_id", "kernel_sha256"], suffixes=("_first", "_second"))
        correct = both.dropna(subset=["speedup_first", "speedup_second"])
        logs_P = [
            np.log(task["speedup_second"] / task["speedup_first"]).tolist() for _, task in correct.groupby("task_id")
        ]
        ratio = bootstrap_mean(logs_P, cfg.num_resamples, cfg.bootstrap_seed, cfg.confidence_level)
        rows.append(
            {
                "what": what,
                "num_kernels": len(both),
                "same_status": float((both["status_first"] == both["status_second"]).mean()) if len(both) else None,
                "num_correct": len(correct),
                "ratio": Interval(*np.exp([ratio.value, ratio.low, ratio.high]).tolist())
                if ratio
                else Missing("no kernel is correct in both studies"),
            }
        )
    return Table(
        "Equal kernels",
        "Kernels of equal text that were judged in both studies: the share with the same status, and the"
        " geometric mean of the second study's speedup over the first's, with a bootstrap interval over tasks and"
        " kernels. Of several measurements of one kernel the geometric mean counts. Two judges that agree have ratio 1;"
        " another GPU may well favour another kernel.",
        (
            Column("what", "of"),
            Column("num_kernels", "kernels"),
            Column("same_status", "same status", 3),
            Column("num_correct", "correct in both"),
            interval_column("ratio", "ratio of speedups", 3),
        ),
        rows,
    )


def _kernels(study: Study, *, is_control: bool) -> pd.DataFrame:
    frame = study.samples[((study.samples["policy_id"] == CONTROL) == is_control)]
    frame = frame[frame["kernel_sha256"].notna()]
    groups = frame.groupby(["task_id", "kernel_sha256"])
    rows = [
        (task_id, kernel, group["status"].iloc[0], _geomean(group["speedup"].dropna()))
        for (task_id, kernel), group in groups
    ]
    return pd.DataFrame(rows, columns=["task_id", "kernel_sha256", "status", "speedup"])


def _geomean(speedups: "pd.Series[float]") -> float:
    return geometric_mean(speedups) if len(speedups) else float("nan")
