"""Where adaptation helps, whether it carries over, and whether it sharpens too much. Axes: P tasks, N samples."""

from collections.abc import Mapping
from statistics import fmean

import pandas as pd

from kbwf.metrics.adaptation import REGIME_LINE, Regimes, regimes, transfer
from kbwf.metrics.probe import ProbePoint, probe
from kbwf.metrics.statistics import Missing
from kbwf.records import Trajectory
from kbwf.report.noise import MIN_TASKS, excludes_0
from kbwf.report.published import published
from kbwf.report.run_tables import NO_RUNS
from kbwf.report.runs import control_points, gain, regime_points, runs_by_name
from kbwf.report.study import KEY, Study
from kbwf.report.table import Cell, Column, Row, Table, interval_column
from kbwf.settings import ReportSettings


def regime_table(study: Study, cfg: ReportSettings) -> Table:
    """Gain of adaptation on both sides of the paper's line, for every run and for the control split in three."""
    settings = (cfg.num_resamples, cfg.bootstrap_seed, cfg.confidence_level)
    rows: list[Row] = []
    missing = []
    identity = _of_points(control_points(study), settings)
    for name, runs in runs_by_name(study).items():
        found = _of_points(regime_points(runs), settings)
        if isinstance(found, Missing):
            missing.append(f"Run {name}: {found.reason}.")
            continue
        for side, is_above in (("below", False), ("above", True)):
            row: Row = {"run": name, "side": f"{side} {REGIME_LINE:.0%}"}
            row["num_tasks"] = num_tasks = sum(one == is_above for one in found.is_above_P)
            row["gain"] = found.above if is_above else found.below
            row["identity"] = identity if isinstance(identity, Missing) else getattr(identity, side)
            row["excludes_0"] = excludes_0(row["gain"], num_tasks)
            rows.append(row)
    return Table(
        "Regimes",
        "Mean gain of the chosen step over the first policy, on fresh samples, for tasks on either side of the paper's"
        " line of 30 % base success. Which side a task is on is decided by other samples (the rollouts of step 0): the"
        " same ones for both would show gains below the line and losses above it where nothing happened. Identity: the"
        " control's samples, a third each in the three roles. An interval over fewer than"
        f" {MIN_TASKS} tasks is not said to exclude 0. Published for subset 2:"
        f" {published()['subset2']['boa_step0']} % at step 0, {published()['subset2']['boa_step1']} % at step 1.",
        (
            Column("run", "run"),
            Column("side", "base success"),
            Column("num_tasks", "tasks"),
            interval_column("gain", "gain, fresh", 3),
            interval_column("identity", "identity", 3),
            Column("excludes_0", "interval excludes 0"),
        ),
        rows,
        tuple(missing) if rows or missing else (NO_RUNS,),
    )


def _of_points(points: Mapping[str, tuple[float, float, float]], settings: tuple[int, int, float]) -> Regimes | Missing:
    columns = list(zip(*points.values(), strict=True)) or [(), (), ()]
    return regimes(columns[0], columns[1], columns[2], *settings)


def transfer_table(study: Study, cfg: ReportSettings) -> Table:
    """What the chosen policy of each run gains on its own tasks and on others."""
    rows: list[Row] = []
    for name, runs in runs_by_name(study).items():
        scores, base_scores = {}, {}
        for target, is_transfer in (("own", False), ("other", True)):
            after = [run.score(run.summary.chosen_policy_id, is_transfer=is_transfer) for run in runs]
            before = [run.score(run.start, is_transfer=is_transfer) for run in runs]
            if None not in after and None not in before:
                scores["own", target] = fmean(one for one in after if one is not None)
                base_scores[target] = fmean(one for one in before if one is not None)
        found = transfer(scores, base_scores)
        nothing = Missing("the run answers no other tasks (transfer_to)")
        rows.append(
            {
                "run": name,
                "method": runs[0].what,
                "own_base": base_scores.get("own"),
                "own_gain": gain(runs, cfg, is_transfer=False),
                "other_base": base_scores.get("other", nothing),
                "other": scores.get(("own", "other"), nothing),
                "other_gain": gain(runs, cfg, is_transfer=True) if found.other is not None else nothing,
            }
        )
    theirs = published()["ttt"]["transfer"]
    return Table(
        "Transfer",
        "Sample fast_1 of the policy chosen on a run's own tasks, on fresh samples of these and of other tasks, and the"
        f" gain over the first policy. Published: subset 1 to 2 {theirs['subset1_to_subset2']} % (base"
        f" {theirs['base_subset2']} %), subset 2 to 1 {theirs['subset2_to_subset1']} % (base {theirs['base_subset1']}"
        " %).",
        (
            Column("run", "run"),
            Column("method", "method"),
            Column("own_base", "first policy, own tasks", 3),
            interval_column("own_gain", "gain", 3),
            Column("other_base", "first policy, other tasks", 3),
            Column("other", "chosen", 3),
            interval_column("other_gain", "gain", 3),
        ),
        rows,
        () if rows else (NO_RUNS,),
    )


def probe_points(study: Study, trajectory: Trajectory, cfg: ReportSettings) -> list[ProbePoint] | Missing:
    """The probe of one run: fixed samples of the first policy under it and under every step."""
    rows = [one.model_dump() for one in study.probes if one.probed_policy_id in trajectory.policy_ids_N[1:]]
    if not rows:
        return Missing("the run was not probed (is_probed), or its policies tell no log-probabilities")
    frame = pd.DataFrame(rows).merge(study.samples, on=KEY).sort_values(KEY, kind="stable")
    if frame.empty or frame["surprisal_nats"].isna().any():
        return Missing("the probed samples have no log-probabilities of their own")
    scored = [policy_id for policy_id in trajectory.policy_ids_N[1:] if policy_id in set(frame["probed_policy_id"])]
    one_policy = frame[frame["probed_policy_id"] == scored[0]]
    tasks = [of_task for _, of_task in one_policy.groupby("task_id")]
    kind = "nll_mean_nats" if study.surprisal == "mean" else "nll_sum_nats"
    nlls = {trajectory.policy_ids_N[0]: [task["surprisal_nats"].tolist() for task in tasks]}
    for policy_id in scored:
        of_policy = frame[frame["probed_policy_id"] == policy_id]
        nlls[policy_id] = [of_task[kind].tolist() for _, of_task in of_policy.groupby("task_id")]
    speedups = [task["speedup"].fillna(0.0).tolist() for task in tasks]
    return probe(nlls, speedups, cfg.num_resamples, cfg.bootstrap_seed, cfg.confidence_level)


def probe_table(study: Study, cfg: ReportSettings) -> Table:
    """Over-sharpening: rank correlation of NLL and speedup, and mean NLL, from step to step."""
    rows: list[Row] = []
    missing = []
    theirs = published()["probe"]
    for trajectory in sorted(study.trajectories, key=lambda one: one.run_id):
        points = probe_points(study, trajectory, cfg)
        if isinstance(points, Missing):
            missing.append(f"Run {trajectory.run_id}: {points.reason}.")
            continue
        for point in points:
            step = trajectory.policy_ids_N.index(point.policy_id)
            change = point.rho_change
            row: Row = {"run": trajectory.run_id, "step": step, "rho": point.rho, "rho_change": change}
            row["excludes_0"] = None if isinstance(change, Missing) or step == 0 else not change.covers(0.0)
            row |= {"published_rho": theirs["rho_by_step"].get(step), "tail_rho": point.tail_rho}
            row |= {"tail_rho_change": point.tail_rho_change, "published_tail": theirs["bottom_quartile"].get(step)}
            row |= {"nll_mean_nats": point.nll_mean_nats, "nll_change_nats": point.nll_mean_change_nats}
            nlls: list[Cell] = theirs["mean_nll"]
            rows.append({**row, "published_nll": nlls[step] if step < len(nlls) else None})
    return Table(
        "Over-sharpening probe",
        "Fixed samples of the first policy, scored by every step: Spearman's ρ of NLL and speedup (0 if not correct)"
        " over all, and over the quarter that is least likely under the first policy. The same samples each time, so"
        " that the change is paired. No control answers here: a run with shuffled rewards is one, and the interval of"
        " the change says whether it is more than which samples were drawn.",
        (
            Column("run", "run"),
            Column("step", "step"),
            interval_column("rho", "ρ", 3),
            Column("published_rho", "published", 3),
            interval_column("rho_change", "change", 3),
            Column("excludes_0", "interval excludes 0"),
            interval_column("tail_rho", "ρ, bottom quartile", 3),
            Column("published_tail", "published", 3),
            interval_column("tail_rho_change", "change", 3),
            interval_column("nll_mean_nats", "NLL, nats", 3),
            Column("published_nll", "published"),
            interval_column("nll_change_nats", "change", 3),
        ),
        rows,
        tuple(missing) if rows or missing else (NO_RUNS,),
    )
