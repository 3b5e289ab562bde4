"""Does surprisal rank: correlations with speedup, quartiles, and whether there is spread to rank by. Axes: P tasks, N
samples of a task, all seeds together."""

from typing import Any

import pandas as pd

from kbwf.metrics.correlation import Correlation, TaskCorrelations, correlate_by_task
from kbwf.metrics.quartiles import HIGH_SPREAD_NATS, Quartile, logprob_spread, surprisal_quartiles
from kbwf.metrics.statistics import Interval, Missing
from kbwf.records import CONTROL
from kbwf.report.noise import excludes_0
from kbwf.report.published import published, rate
from kbwf.report.study import NOT_COUNTED, Study, by_task, correct_only, lengths_of, surprisals_of
from kbwf.report.table import Cell, Column, Row, Table, interval_column
from kbwf.settings import ReportSettings

_LENGTH = published()["length_control"]
_CORRELATIONS: dict[str, tuple[str, Cell, Cell]] = {
    "raw": ("surprisal and speedup", -_LENGTH["raw_rho"], _LENGTH["raw_p"]),
    "partial": ("the same, length taken out", -_LENGTH["partial_rho"], _LENGTH["partial_p"]),
    "length": ("length and speedup", _LENGTH["length_rho"], None),
}


def correlation_table(study: Study, cfg: ReportSettings) -> Table:
    """Spearman's correlations over correct samples: pooled as published, and the mean of the tasks' own."""
    rows: list[Row] = []
    identity = _correlations(study.control, cfg)
    for policy_id in study.shown_policies:
        ours = identity if policy_id == CONTROL else _correlations(study.of_policy(policy_id), cfg)
        for name, (title, rho, p_value) in _CORRELATIONS.items():
            pooled, control = _pooled(ours[name]), _pooled(identity[name])
            is_known, is_control_known = isinstance(pooled, Correlation), isinstance(control, Correlation)
            rows.append(
                {
                    "policy": policy_id,
                    "measure": title,
                    "num_samples": pooled.num_samples if isinstance(pooled, Correlation) else pooled,
                    "pooled_rho": pooled.rho if isinstance(pooled, Correlation) else pooled,
                    "pooled_p": pooled.p_value if isinstance(pooled, Correlation) else pooled,
                    "published_rho": rho,
                    "published_p": p_value,
                    "identity_pooled_rho": control.rho if isinstance(control, Correlation) else control,
                    "mean_rho": _mean(ours[name]),
                    "identity_mean_rho": _mean(identity[name]),
                    "excludes_0": _excludes_0(ours[name]) if is_known or is_control_known else None,
                }
            )
    return Table(
        "Correlation of surprisal and speedup",
        "Spearman's ρ over correct samples. Pooled over tasks it mixes whether surprising samples are faster than their"
        " siblings, which a strategy can use, with whether surprising tasks are faster tasks, which it cannot: only"
        " the mean over tasks speaks for selection. p-values take samples as independent. The control's surprisals are"
        " all equal, so that only its length and speed could go together. In the paper ρ is of"
        " log-probability, here of surprisal, so that its sign is turned round.",
        (
            Column("policy", "policy"),
            Column("measure", "of"),
            Column("num_samples", "samples"),
            Column("pooled_rho", "ρ, pooled", 3),
            Column("pooled_p", "p", 3),
            Column("published_rho", "published ρ", 3),
            Column("published_p", "published p"),
            Column("identity_pooled_rho", "identity", 3),
            interval_column("mean_rho", "ρ, mean over tasks", 3),
            interval_column("identity_mean_rho", "identity", 3),
            Column("excludes_0", "interval excludes 0"),
        ),
        rows,
    )


Analyses = dict[str, TaskCorrelations | Missing]


def _correlations(frame: pd.DataFrame, cfg: ReportSettings) -> Analyses:
    surprisals = surprisals_of(frame)
    surprisals_P_N = None if surprisals is None else by_task(surprisals)
    speedups_P_N, lengths = by_task(correct_only(frame, "speedup")), lengths_of(frame)
    settings = (cfg.num_resamples, cfg.bootstrap_seed, cfg.confidence_level)
    raw = correlate_by_task(surprisals_P_N, speedups_P_N, *settings)
    if isinstance(lengths, Missing):
        return {"raw": raw, "partial": lengths, "length": lengths}
    lengths_P_N = by_task(lengths)
    return {
        "raw": raw,
        "partial": correlate_by_task(surprisals_P_N, speedups_P_N, *settings, control_P_N=lengths_P_N),
        "length": correlate_by_task(lengths_P_N, speedups_P_N, *settings),
    }


def _pooled(analysis: TaskCorrelations | Missing) -> Correlation | Missing:
    return analysis if isinstance(analysis, Missing) else analysis.pooled


def _mean(analysis: TaskCorrelations | Missing) -> Interval | Missing:
    return analysis if isinstance(analysis, Missing) else analysis.mean


def _excludes_0(analysis: TaskCorrelations | Missing) -> bool | None:
    if isinstance(analysis, Missing):
        return None
    return excludes_0(analysis.mean, sum(isinstance(one, Correlation) for one in analysis.by_task_P))


def quartile_table(study: Study) -> Table:
    """Quarters of the correct samples by surprisal, the highest first: pooled as published, and within tasks."""
    rows: list[Row] = []
    missing = []
    for policy_id in study.shown_policies:
        for is_within_task in (False, True):
            ours = _quartiles(study.of_policy(policy_id), is_within_task=is_within_task)
            identity = _quartiles(study.control, is_within_task=is_within_task)
            if isinstance(ours, Missing):
                missing.append(f"Policy {policy_id}, {_RANKED[is_within_task]}: {ours.reason}.")
                continue
            for number, quartile in enumerate(ours):
                control = identity if isinstance(identity, Missing) else identity[number]
                theirs: dict[str, Any] = {} if is_within_task else published()["quartiles"][number]
                rows.append(_quartile_row(policy_id, is_within_task, number, quartile, control, theirs))
    return Table(
        "Surprisal quartiles",
        "Correct samples in four quarters by surprisal, Q1 the highest. Ranked together, as published, a quarter may"
        " hold other tasks than another; within tasks each holds a quarter of every task's samples. Identity: its"
        " surprisals are all equal, so that its quarters are in the order of samples, and differ by noise.",
        (
            Column("policy", "policy"),
            Column("ranked", "ranked"),
            Column("quartile", "quartile"),
            Column("num_samples", "samples"),
            Column("surprisal_low_nats", "surprisal from, nats"),
            Column("surprisal_high_nats", "to, nats"),
            Column("success", "speedup > 1", 3),
            Column("identity_success", "identity", 3),
            Column("published_success", "published", 3),
            Column("speedup_geomean", "speedup, geometric mean"),
            Column("speedup_mean", "mean"),
            Column("published_speedup_mean", "published", 1),
            Column("tokens_mean", "tokens", 1),
            Column("published_tokens_mean", "published", 0),
        ),
        rows,
        tuple(missing),
    )


_RANKED = {False: "together", True: "within tasks"}


def _quartiles(frame: pd.DataFrame, *, is_within_task: bool) -> tuple[Quartile, ...] | Missing:
    surprisals = surprisals_of(frame)
    lengths = lengths_of(frame)
    return surprisal_quartiles(
        None if surprisals is None else by_task(surprisals),
        by_task(correct_only(frame, "speedup")),
        None if isinstance(lengths, Missing) else by_task(lengths),
        is_within_task=is_within_task,
    )


def _quartile_row(
    policy_id: str,
    is_within_task: bool,
    number: int,
    ours: Quartile,
    control: Quartile | Missing,
    theirs: dict[str, Any],
) -> Row:
    return {
        "policy": policy_id,
        "ranked": _RANKED[is_within_task],
        "quartile": f"Q{number + 1}",
        "num_samples": ours.num_samples,
        "surprisal_low_nats": ours.surprisal_low_nats,
        "surprisal_high_nats": ours.surprisal_high_nats,
        "success": ours.success,
        "identity_success": control if isinstance(control, Missing) else control.success,
        "published_success": rate(theirs.get("fast_1")),
        "speedup_geomean": ours.speedup_geomean,
        "speedup_mean": ours.speedup_mean,
        "published_speedup_mean": theirs.get("mean_speedup"),
        "tokens_mean": NOT_COUNTED if ours.tokens_mean is None else ours.tokens_mean,
        "published_tokens_mean": theirs.get("mean_tokens"),
    }


def spread_table(study: Study) -> Table:
    """Each task's spread of surprisals over all samples, against the paper's threshold for using them."""
    rows: list[Row] = []
    missing = []
    for policy_id in study.shown_policies:
        frame = study.of_policy(policy_id)
        for task_id, of_task in frame.groupby("task_id"):
            surprisals = of_task["surprisal_nats"]
            spread = logprob_spread(None if surprisals.isna().any() else surprisals.tolist())
            row: Row = {"policy": policy_id, "task_id": str(task_id), "num_samples": len(of_task)}
            row["std_nats"] = spread if isinstance(spread, Missing) else spread.std_nats
            row["is_high"] = spread if isinstance(spread, Missing) else spread.is_high
            rows.append(row)
        if frame.empty:
            missing.append(f"Policy {policy_id}: no samples.")
    high = published()["logprob_spread"]
    return Table(
        "Spread of surprisals",
        f"Standard deviation of surprisal over all samples of a task. The paper finds selection by surprisal applicable"
        f" above {HIGH_SPREAD_NATS:g}: {high['high_variance_tasks']} of {high['tasks']} published tasks. The control's"
        " is 0 everywhere: its answers are certain.",
        (
            Column("policy", "policy"),
            Column("task_id", "task"),
            Column("num_samples", "samples"),
            Column("std_nats", "std, nats", 3),
            Column("is_high", "applicable"),
        ),
        rows,
        tuple(missing),
    )
