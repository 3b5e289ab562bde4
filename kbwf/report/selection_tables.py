"""Which strategy chooses best, and whether surprisal has anything to do with it. Axes: P tasks, S seeds, K samples."""

from collections import defaultdict
from collections.abc import Callable, Sequence
from statistics import fmean, geometric_mean

import pandas as pd

from kbwf.metrics.permutation import (
    Statistic,
    best_of_most_surprising,
    most_confident,
    most_surprising,
    null_band,
)
from kbwf.metrics.statistics import Missing, bootstrap_mean, std_over_seeds
from kbwf.records import CONTROL, Selection
from kbwf.report.noise import lies_above
from kbwf.report.published import published, rate
from kbwf.report.study import Study, correct_only, lengths_of, measurements_of, surprisals_of
from kbwf.report.table import Band, Cell, Column, Row, Table, band_column, interval_column, is_outside, percent
from kbwf.settings import ReportSettings, SelectionSettings

_Ranks = list[list[list[float]]] | Missing | None

_PUBLISHED_NAMES = {
    "random": "random_correct", "confidence": "confidence", "surprisal": "surprisal",
    "surprisal_top_m": "surprisal_top3", "oracle": "best_correct",
}  # fmt: skip
_MEASURES = (
    interval_column("success", "success"),
    Column("seed_std", "std over seeds"),
    interval_column("confident_success", "confident success"),
    Column("speedup_geomean", "speedup, geometric mean"),
    Column("speedup_mean", "speedup, mean"),
    Column("correct_frac", "correct samples"),
    Column("num_timings", "timings used per task", digits=1),
    Column("num_evaluations", "evaluations per task", digits=1),
)


_CONFIRMED = (
    interval_column("confirmed_success", "confirmed success"),
    Column("confirmed_speedup", "confirmed speedup, geometric mean", digits=3),
    Column("confirmed_references", "references", digits=3),
    Column("shrinkage", "shrinkage", digits=3),
)


def selection_table(study: Study, cfg: ReportSettings, selection_cfg: SelectionSettings) -> Table:
    """One row per policy and strategy: success and its spread, speedup, and what the choice cost."""
    by_origin: dict[tuple[str, str], list[Selection]] = defaultdict(list)
    for one in study.selections:
        by_origin[one.policy_id, one.strategy].append(one)
    rows = []
    no_floor = study.why_no_noise_floor
    for policy_id in study.shown_policies:
        ours = study.of_policy(policy_id)
        for strategy in selection_cfg.strategies:
            chosen = by_origin[policy_id, strategy]
            row: Row = {"policy": policy_id, "strategy": strategy}
            row |= {"num_cases": len(chosen), "num_choices": sum(one.num_correct > 0 for one in chosen)}
            row |= _confirmed(study, policy_id, strategy, chosen, cfg)
            numbers = _numbers(chosen, cfg)
            identity = _numbers(by_origin[CONTROL, strategy], cfg)
            if no_floor:
                identity = dict.fromkeys(identity, no_floor)
            for measure in _MEASURES:
                row[measure.name] = numbers[measure.name]
                row[f"identity_{measure.name}"] = identity[measure.name]
            row["is_above"] = lies_above(  # said by the headlines
                row["confident_success"],
                row["identity_confident_success"],
                len(by_origin[CONTROL, strategy]),
                cfg.confidence_level,
            )
            row["chance"] = _chance(ours, strategy, selection_cfg.top_m, cfg)
            row["is_outside"] = is_outside(row["success"], row["chance"])
            theirs = published()["selection"].get(_PUBLISHED_NAMES.get(strategy), {})
            row |= {"published": rate(theirs.get("fast_1")), "published_speedup": theirs.get("mean_speedup")}
            rows.append(row)
    columns = [
        Column("policy", "policy"),
        Column("strategy", "strategy"),
        Column("num_cases", "tasks × seeds"),
        Column("num_choices", "with a choice"),
        *_CONFIRMED,
    ]
    for measure in _MEASURES:
        columns += [measure, Column(f"identity_{measure.name}", "identity", measure.digits, measure.bounds)]
        if measure.name == "success":
            columns += [band_column("chance", "permuted labels"), Column("is_outside", "outside")]
            columns += [Column("published", "published")]
        if measure.name == "speedup_mean":
            columns += [Column("published_speedup", "published", digits=1)]
    return Table(
        "Selection strategies",
        "Confirmed: the chosen kernels measured again in fresh processes that had no part in the choice; a kernel"
        " counts if it is right in each and the interval of its speedup lies above 1. References: the share of the"
        " references measured beside them that count likewise, which should be next to none. Shrinkage: by how much the"
        " speedup that a kernel was chosen by exceeds the confirmed one, both as geometric means over the kernels that"
        " were right again. Success: share of tasks (mean over seeds) whose selected kernel is correct and has speedup"
        " > 1; confident: the lower bound of its interval is. Speedups are means over the tasks and seeds that have a"
        " choice, so that they belong to the easier tasks. Identity: the same strategy on the identity control's"
        " samples, usually fewer, which is milder on strategies that look at times. Permuted labels: the success of the"
        " same rule when it is chance which sample is the surprising (or short) one,"
        f" {percent(cfg.confidence_level)} of {cfg.num_resamples} permutations; outside: ours lies beyond. Oracle sees"
        " every time: an upper bound, not a method. Random is an expected value. An interval without width means that"
        " every resample agrees, not that the number is certain.",
        tuple(columns),
        rows,
    )


def _confirmed(
    study: Study, policy_id: str, strategy: str, selections: Sequence[Selection], cfg: ReportSettings
) -> Row:
    """What is left of a strategy's choices when they are measured again."""
    ours = [one for one in study.confirmations if one.policy_id == policy_id]
    reason = ""
    if not ours:
        reason = "chosen kernels were not measured again"
    elif strategy == "random":
        reason = "random is an expected value, which chooses no single kernel"
    elif unavailable := {one.unavailable for one in selections if one.unavailable}:
        reason = "; ".join(sorted(unavailable))
    if reason:
        return {column.name: Missing(reason) for column in _CONFIRMED}
    successes: dict[str, list[float]] = defaultdict(list)
    pairs = []
    for one in sorted(selections, key=lambda one: (one.task_id, one.seed)):
        kernel = study.confirmed(one)
        successes[one.task_id].append(float(kernel is not None and kernel.is_faster))
        if kernel is not None and kernel.speedup is not None and one.speedup is not None:
            pairs.append((one.speedup, kernel.speedup))
    controls = [one.control for one in ours if one.control]
    settings = (cfg.num_resamples, cfg.bootstrap_seed, cfg.confidence_level)
    confirmed = geometric_mean(again for _, again in pairs) if pairs else None
    return {
        "confirmed_success": bootstrap_mean(list(successes.values()), *settings),
        "confirmed_speedup": confirmed,
        "confirmed_references": fmean(control.is_faster for control in controls) if controls else None,
        "shrinkage": geometric_mean(first for first, _ in pairs) / confirmed if confirmed else None,
    }


def _numbers(selections: Sequence[Selection], cfg: ReportSettings) -> Row:
    unavailable = {one.unavailable for one in selections if one.unavailable}
    if unavailable:
        return {measure.name: Missing("; ".join(sorted(unavailable))) for measure in _MEASURES}
    successes: dict[str, list[float]] = defaultdict(list)
    confident: dict[str, list[float]] = defaultdict(list)
    for one in sorted(selections, key=lambda one: (one.task_id, one.seed)):
        successes[one.task_id].append(one.fast_1)
        confident[one.task_id].append(one.confident_fast_1)
    successes_P_S = list(successes.values())
    settings = (cfg.num_resamples, cfg.bootstrap_seed, cfg.confidence_level)
    speedups = [one.speedup for one in selections if one.speedup is not None]
    return {
        "success": bootstrap_mean(successes_P_S, *settings),
        "seed_std": std_over_seeds(successes_P_S)
        if len({len(seeds) for seeds in successes_P_S}) < 2
        else Missing("tasks have different numbers of seeds"),
        "confident_success": bootstrap_mean(list(confident.values()), *settings),
        "speedup_geomean": geometric_mean(speedups) if speedups else None,
        "speedup_mean": fmean(speedups) if speedups else None,
        "correct_frac": fmean(one.num_correct / one.num_samples for one in selections) if selections else None,
        "num_timings": fmean(one.num_timings_used for one in selections) if selections else None,
        "num_evaluations": fmean(one.num_evaluations_used for one in selections) if selections else None,
    }


def _chance(ours: pd.DataFrame, strategy: str, top_m: int, cfg: ReportSettings) -> Cell:
    """Success of the strategy's rule on permuted labels; None where labels change nothing."""
    rules: dict[str, tuple[Callable[[pd.DataFrame], _Ranks], Statistic]] = {
        "confidence": (surprisals_of, most_confident),
        "surprisal": (surprisals_of, most_surprising),
        "surprisal_top_m": (surprisals_of, best_of_most_surprising(top_m)),
        "shortest": (lengths_of, most_confident),  # the lowest of whatever ranks
    }
    if strategy not in rules:
        return None
    ranks_of, statistic = rules[strategy]
    ranks = ranks_of(ours)
    if isinstance(ranks, Missing):
        return ranks
    successes = correct_only(ours.assign(success=(ours["speedup"] > 1).astype(float)), "success")
    band = null_band(
        ranks, successes, measurements_of(ours), statistic, cfg.num_resamples, cfg.bootstrap_seed,
        cfg.confidence_level, counts_empty=True,
    )  # fmt: skip
    return band if isinstance(band, Missing) else Band(band.low, band.high)
