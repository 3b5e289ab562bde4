"""What adaptation came to: trajectories, runs, and methods side by side."""

from statistics import fmean, stdev

from kbwf.metrics.permutation import NullBand
from kbwf.metrics.scaling import equivalent_k
from kbwf.metrics.statistics import Missing
from kbwf.metrics.trajectory import best_step_band
from kbwf.records import BASE, Trajectory
from kbwf.records.task import parse_task_id
from kbwf.report.published import published, rate
from kbwf.report.runs import Run, control_success, gain, runs_by_name, runs_of
from kbwf.report.scaling_tables import curve_of
from kbwf.report.study import Study
from kbwf.report.table import Band, Cell, Column, Row, Table, band_column, interval_column, is_outside
from kbwf.settings import ReportSettings

NO_RUNS = "The study has no adaptation runs."


def trajectory_table(study: Study) -> Table:
    """Sample fast_1 of every step of every run, over all tasks and for each."""
    rows: list[Row] = []
    for trajectory in sorted(study.trajectories, key=lambda one: one.run_id):
        for step in range(len(trajectory.policy_ids_N)):
            by_task = trajectory.fast_1_by_task_N[step]
            identity = control_success(study, tuple(by_task))
            marks = [
                word
                for word, chosen in (
                    ("Best-of-Adaptation", trajectory.chosen_step),
                    ("early stopping", trajectory.early_stopping_step),
                )
                if chosen == step
            ]
            row: Row = {"run": trajectory.run_id, "step": step, "task_id": "all", "fast_1": trajectory.fast_1_N[step]}
            row |= {"identity": identity, "published": _published_step(step)}
            row |= {"correct_frac": trajectory.correct_frac_N[step], "chosen_by": ", ".join(marks) or None}
            rows.append({**row, "rolled_back": trajectory.rolled_back_N[step]})
            for task_id in sorted(by_task):
                one: Row = {"run": trajectory.run_id, "step": step, "task_id": task_id, "fast_1": by_task[task_id]}
                one |= {"identity": control_success(study, (task_id,)), "published": _published_step(step, task_id)}
                rows.append({**one, "correct_frac": None, "chosen_by": None, "rolled_back": None})
    return Table(
        "Trajectories",
        "Sample fast_1: share of a step's rollouts that are correct and faster. Step 0 is the policy that the run began"
        " with. A step is chosen by these very numbers, which flatter it; see the runs for fresh samples. Identity: the"
        " control's sample fast_1 on the same tasks. Published: seed 42.",
        (
            Column("run", "run"),
            Column("step", "step"),
            Column("task_id", "task"),
            Column("fast_1", "sample fast_1", 3),
            Column("identity", "identity", 3),
            Column("published", "published", 3),
            Column("correct_frac", "correct", 3),
            Column("chosen_by", "chosen by"),
            Column("rolled_back", "passed over because"),
        ),
        rows,
        () if rows else (NO_RUNS,),
    )


def _published_step(step: int, task_id: str | None = None) -> float | None:
    ttt = published()["ttt"]
    steps = ttt["seed42_aggregate_by_step"]
    if task_id is not None:
        level, problem_id = parse_task_id(task_id)
        steps = ttt["seed42_by_task"].get(problem_id, []) if level == 1 else []
    return rate(steps[step]) if step < len(steps) else None


def run_table(study: Study, cfg: ReportSettings) -> Table:
    """One row per run: the choice, what it is worth on fresh samples, and whether choosing alone explains it."""
    rows = [_run_row(run, cfg) for run in runs_of(study)]
    return Table(
        "Runs",
        "Best-of-Adaptation takes the step with the highest sample fast_1. By selection: the number it was chosen by,"
        " which flatters it, and its gain over step 0; chance: that gain where the steps' rollouts are dealt anew, so"
        " that no step is better. Fresh: new samples under other seeds, and the gain over the first policy's, an"
        " unbiased number. Equivalent K: how many samples of the base policy give as many tasks a success as the fresh"
        " fast_1. Per-task oracle: each task at its own best step, an upper bound. Published: mean over 3 seeds"
        f" {published()['ttt']['boa_fast_1_mean_3_seeds']} %, equivalent K {published()['ttt']['equivalent_k']},"
        f" per-task oracle {published()['ttt']['per_task_oracle']} % (its table gives 48.7).",
        (
            Column("run", "run"),
            Column("method", "method"),
            Column("num_steps", "steps"),
            Column("chosen_step", "chosen step"),
            Column("selection_fast_1", "by selection", 3),
            Column("selection_gain", "gain", 3),
            band_column("chance", "chance", 3),
            Column("is_outside", "outside"),
            Column("base_fresh", "first policy, fresh", 3),
            Column("chosen_fresh", "chosen, fresh", 3),
            interval_column("fresh_gain", "gain, fresh", 3),
            Column("identity", "identity", 3),
            Column("equivalent_k", "equivalent K"),
            Column("early_stopping_step", "early stopping"),
            Column("early_stopping_last_step", "looked until"),
            Column("per_task_oracle", "per-task oracle", 3),
            Column("stopped", "remarks"),
        ),
        rows,
        () if rows else (NO_RUNS,),
    )


def _run_row(run: Run, cfg: ReportSettings) -> Row:
    summary, trajectory = run.summary, run.trajectory
    row: Row = {"run": summary.run_id, "method": run.what, "num_steps": len(run.updates)}
    row |= {"chosen_step": summary.chosen_step, "selection_fast_1": summary.selection_fast_1}
    band = _choice_band(trajectory, cfg) if trajectory else Missing("an outer loop chooses no step")
    row["selection_gain"] = band if isinstance(band, Missing) else band.value
    row["chance"] = band if isinstance(band, Missing) else Band(band.low, band.high)
    row["is_outside"] = is_outside(row["selection_gain"], row["chance"])
    chosen = run.score(summary.chosen_policy_id, is_transfer=False)
    row |= {"base_fresh": run.score(run.start, is_transfer=False), "chosen_fresh": chosen}
    row["fresh_gain"] = gain([run], cfg, is_transfer=False)
    row["identity"] = control_success(run.study, summary.task_ids)
    row["equivalent_k"] = _equivalent_k(run, chosen, cfg)
    row["early_stopping_step"] = trajectory.early_stopping_step if trajectory else None
    row["early_stopping_last_step"] = trajectory.early_stopping_last_step if trajectory else None
    row["per_task_oracle"] = trajectory.per_task_oracle if trajectory else None
    remarks = [f"step {step}: {reason}" for step, reason in sorted(summary.no_update_reasons.items())]
    row["stopped"] = "; ".join([*([summary.stopped_reason] if summary.stopped_reason else []), *remarks]) or None
    return row


def _choice_band(trajectory: Trajectory, cfg: ReportSettings) -> NullBand | Missing:
    """Gain of the highest step over step 0, beside what it is where steps do not differ."""
    num_tasks = len(trajectory.fast_1_by_task_N[0])
    num_rollouts = trajectory.num_samples // num_tasks
    counts_P_N = [
        [round(step[task_id] * num_rollouts) for step in trajectory.fast_1_by_task_N]
        for task_id in sorted(trajectory.fast_1_by_task_N[0])
    ]
    return best_step_band(counts_P_N, num_rollouts, cfg.num_resamples, cfg.bootstrap_seed, cfg.confidence_level)


def _equivalent_k(run: Run, fast_1: float | None, cfg: ReportSettings) -> Cell:
    if fast_1 is None:
        return Missing("no fresh samples")
    base = run.study.of_policy(BASE)
    curve = curve_of(base[base["task_id"].isin(run.summary.task_ids)], "speedup", cfg)
    if isinstance(curve, Missing):
        return Missing("the base policy has no samples on the run's tasks")
    return str(equivalent_k(fast_1, [(point.k, point.success.value) for point in curve]))


_PUBLISHED_METHODS = {
    "grpo": [published()["ttt"]["boa_fast_1_mean_3_seeds"]],
    "sdpo": published()["sdpo"]["feedback"],
    "sdpo, prompt only": published()["sdpo"]["prompt_only"],
}


def method_table(study: Study, cfg: ReportSettings) -> Table:
    """One row per run of the configuration, its seeds together: the self-distillations beside test-time training."""
    rows: list[Row] = []
    for name, runs in runs_by_name(study).items():
        scores = [run.score(run.summary.chosen_policy_id, is_transfer=False) for run in runs]
        known = [score for score in scores if score is not None]
        selected = [run.summary.selection_fast_1 for run in runs if run.summary.selection_fast_1 is not None]
        theirs = _PUBLISHED_METHODS.get(runs[0].what, [])
        task_ids = tuple(sorted({task_id for run in runs for task_id in run.summary.task_ids}))
        rows.append(
            {
                "name": name,
                "method": runs[0].what,
                "num_runs": len(runs),
                "num_tasks": len(task_ids),
                "selection_fast_1": fmean(selected) if selected else None,
                "published": rate(fmean(theirs)) if theirs else None,
                "fresh_fast_1": fmean(known) if known else Missing("no fresh samples"),
                "fresh_std": stdev(known) if len(known) > 1 else Missing("a single run has no spread"),
                "fresh_gain": gain(runs, cfg, is_transfer=False),
                "identity": control_success(study, task_ids),
            }
        )
    return Table(
        "Methods of adaptation",
        "Mean over a run's seeds of the chosen step's sample fast_1: by the samples it was chosen by, as published, and"
        " on fresh ones with the standard deviation over runs. The gain is over the first policy, on fresh samples,"
        " with an interval over tasks, and runs and seeds within them; a run with shuffled rewards shows what an"
        " update without a signal does. Published: 3 seeds.",
        (
            Column("name", "run"),
            Column("method", "method"),
            Column("num_runs", "runs"),
            Column("num_tasks", "tasks"),
            Column("selection_fast_1", "sample fast_1, by selection", 3),
            Column("published", "published", 3),
            Column("fresh_fast_1", "fresh", 3),
            Column("fresh_std", "std over seeds", 3),
            interval_column("fresh_gain", "gain, fresh", 3),
            Column("identity", "identity", 3),
        ),
        rows,
        () if rows else (NO_RUNS,),
    )
