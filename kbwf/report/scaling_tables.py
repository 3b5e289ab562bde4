"""What more samples give. Axes: P tasks, S seeds, K samples."""

import pandas as pd

from kbwf.metrics.scaling import ScalingPoint, dealt_scaling, scaling_curve
from kbwf.metrics.statistics import Missing
from kbwf.records import CONTROL
from kbwf.report.noise import lies_above
from kbwf.report.published import published, rate
from kbwf.report.study import Study, nested, policies_of
from kbwf.report.table import Band, Column, Row, Table, band_column, interval_column, value_of
from kbwf.settings import ReportSettings


def scaling_table(study: Study, cfg: ReportSettings) -> Table:
    """fast_1@k and the best speedup of k draws for every policy, k = 1, 2, 4 … K; K is the least number of samples of a
    task and seed. Confident: the lower bound of the speedup's interval exceeds 1."""
    rows: list[Row] = []
    missing = []
    frames = {policy_id: study.of_policy(policy_id) for policy_id in policies_of(study.compared["policy_id"])}
    for policy_id, frame in frames.items():
        curve, confident = (curve_of(frame, column, cfg) for column in ("speedup", "speedup_low"))
        if isinstance(curve, Missing) or isinstance(confident, Missing):
            missing.append(f"Policy {policy_id}: {curve.reason if isinstance(curve, Missing) else ''}.")
            continue
        bands = _bands(frame, cfg)
        for point, confident_point in zip(curve, confident, strict=True):
            row: Row = {"policy": policy_id, "k": point.k, "num_tasks": frame["task_id"].nunique()}
            row |= {"fast_1_at_k": point.success, "confident_fast_1_at_k": confident_point.success}
            row |= {"best_speedup": point.best_speedup, "dealt": bands.get(point.k)}
            row["published"] = rate(published()["best_of_n_scaling"].get(point.k))
            rows.append(row)
    identity = {row["k"]: row for row in rows if row["policy"] == CONTROL}
    for row in rows:
        control = identity.get(row["k"], {})
        k = value_of(row["k"])
        assert k, "a curve begins at 1"
        for name in ("fast_1_at_k", "confident_fast_1_at_k", "best_speedup"):
            row[f"identity_{name}"] = study.why_no_noise_floor or control.get(name)
        row["is_above"] = lies_above(
            row["confident_fast_1_at_k"],
            row["identity_confident_fast_1_at_k"],
            len(study.control) / k,
            cfg.confidence_level,
        )
    return Table(
        "Success against samples",
        "fast_1@k: probability that the best of k samples of a task is correct and faster (unbiased estimator), mean"
        " over tasks and seeds, with a bootstrap interval over both; confident: the lower bound of the speedup's"
        " interval is above 1. Identity: the control's, which has nothing to find: of its measurements about half lie"
        " above 1 by chance, so that only the confident curve is to be held against it; above: ours begins where the"
        " control's interval and the exact bound of its success have ended, which with few measurements is far above 0."
        " Dealt anew: the same successes, spread by chance over all tasks; the curve lies below as far as"
        " tasks differ. Best speedup: expected, 0 where all k fail.",
        (
            Column("policy", "policy"),
            Column("k", "k"),
            Column("num_tasks", "tasks"),
            interval_column("fast_1_at_k", "fast_1@k"),
            interval_column("identity_fast_1_at_k", "identity"),
            band_column("dealt", "dealt anew"),
            Column("published", "published", 3),
            interval_column("confident_fast_1_at_k", "confident fast_1@k"),
            interval_column("identity_confident_fast_1_at_k", "identity"),
            Column("is_above", "above"),
            interval_column("best_speedup", "best speedup"),
            interval_column("identity_best_speedup", "identity"),
        ),
        rows,
        tuple(missing),
    )


def curve_of(frame: pd.DataFrame, column: str, cfg: ReportSettings) -> list[ScalingPoint] | Missing:
    """The curve of one policy's samples; by `speedup_low` the confident one."""
    speedups = [
        [[None if value != value else value for value in cell] for cell in task] for task in nested(frame, column)
    ]  # NaN: a failed sample
    return scaling_curve(speedups, cfg.num_resamples, cfg.bootstrap_seed, cfg.confidence_level)


def _bands(frame: pd.DataFrame, cfg: ReportSettings) -> dict[int, Band]:
    successes = nested(frame.assign(success=frame["speedup"] > 1), "success")
    bands = dealt_scaling(successes, cfg.num_resamples, cfg.bootstrap_seed, cfg.confidence_level)
    return {} if isinstance(bands, Missing) else {k: Band(low, high) for k, low, high in bands}
