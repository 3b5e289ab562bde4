"""A run as the report's tables need it: its records together, and its fresh samples. Axes: P tasks, S seeds."""

from collections import defaultdict
from dataclasses import dataclass
from statistics import fmean

import pandas as pd

from kbwf.metrics.statistics import Interval, Missing, bootstrap_mean
from kbwf.records import PolicyUpdate, RunSummary, Trajectory
from kbwf.report.study import Study, nested
from kbwf.settings import ReportSettings


@dataclass(frozen=True)
class Run:
    """One trajectory."""

    summary: RunSummary
    trajectory: Trajectory | None
    """None for an outer loop."""
    updates: tuple[PolicyUpdate, ...]
    """By step."""
    study: Study

    @property
    def start(self) -> str:
        """Policy id of step 0."""
        return self.trajectory.policy_ids_N[0] if self.trajectory else self.updates[0].parent_policy_id

    @property
    def what(self) -> str:
        """Its method in words, with the settings that make it another method."""
        settings = self.updates[0].settings if self.updates else {}
        words = [self.summary.method]
        if settings.get("has_feedback") is False:
            words.append("prompt only")
        if settings.get("has_solution"):
            words.append("with solutions")
        if settings.get("is_shuffled"):
            words.append("rewards shuffled")
        return ", ".join(words)

    def fresh(self, policy_id: str, *, is_transfer: bool) -> pd.DataFrame:
        """Samples of one of its two reported policies that nothing was chosen by; on other tasks with `is_transfer`."""
        frame = self.study.samples
        for score in self.summary.fresh:
            if (score.policy_id, score.is_transfer) == (policy_id, is_transfer):
                of_score: pd.DataFrame = frame[
                    (frame["policy_id"] == policy_id)
                    & frame["task_id"].isin(score.task_ids)
                    & frame["seed"].isin(score.seeds)
                ]
                return of_score
        return frame.iloc[:0]

    def score(self, policy_id: str, *, is_transfer: bool) -> float | None:
        """Sample fast_1 of the same, by the run's own summary."""
        for one in self.summary.fresh:
            if (one.policy_id, one.is_transfer) == (policy_id, is_transfer):
                return one.fast_1
        return None


def runs_of(study: Study) -> list[Run]:
    """All runs that have a summary, by name and seed."""
    trajectories = {one.run_id: one for one in study.trajectories}
    updates = defaultdict(list)
    for update in sorted(study.updates, key=lambda one: one.step):
        updates[update.run_id].append(update)
    summaries = sorted(study.summaries, key=lambda one: (one.name, one.task_ids, one.seed))
    return [Run(one, trajectories.get(one.run_id), tuple(updates[one.run_id]), study) for one in summaries]


def runs_by_name(study: Study) -> dict[str, list[Run]]:
    """The seeds (or tasks) of a run of the configuration together."""
    by_name: dict[str, list[Run]] = defaultdict(list)
    for run in runs_of(study):
        by_name[run.summary.name].append(run)
    return dict(by_name)


def successes_by_task(frame: pd.DataFrame) -> dict[str, list[float]]:
    """Sample fast_1 of each task under each seed."""
    successes_P_S_K = nested(frame.assign(success=frame["speedup"] > 1), "success")
    means_P_S = [[sum(cell) / len(cell) for cell in task] for task in successes_P_S_K]
    return dict(zip(sorted(frame["task_id"].unique()), means_P_S, strict=True))


def gain(runs: list[Run], cfg: ReportSettings, *, is_transfer: bool) -> Interval | Missing:
    """Mean over tasks of the chosen policy's sample fast_1 minus that of the start, on fresh samples, with a bootstrap
    interval over tasks, and over runs and seeds inside each."""
    differences: dict[str, list[float]] = defaultdict(list)
    for run in runs:
        before, after = (
            successes_by_task(run.fresh(policy_id, is_transfer=is_transfer))
            for policy_id in (run.start, run.summary.chosen_policy_id)
        )
        for task_id in sorted(before.keys() & after.keys()):
            pairs = zip(after[task_id], before[task_id], strict=True)
            differences[task_id] += [ours - theirs for ours, theirs in pairs]
    values_P_S = [differences[task_id] for task_id in sorted(differences)]
    interval = bootstrap_mean(values_P_S, cfg.num_resamples, cfg.bootstrap_seed, cfg.confidence_level)
    return interval or Missing("no fresh samples" + (" of other tasks" if is_transfer else ""))


def control_success(study: Study, task_ids: tuple[str, ...]) -> float | Missing:
    """Sample fast_1 of the identity control on these tasks: what noise alone gives there."""
    control = study.control[study.control["task_id"].isin(task_ids)]
    if control.empty:
        return Missing("no identity control on these tasks")
    return study.why_no_noise_floor or float((control["speedup"] > 1).mean())


def regime_points(runs: list[Run]) -> dict[str, tuple[float, float, float]]:
    """By task: success of the first policy by the run's own rollouts, which decides the side; by fresh samples; and
    that of the chosen policy by fresh samples. Means over runs and seeds."""
    values: dict[str, list[list[float]]] = defaultdict(lambda: [[], [], []])
    for run in runs:
        if run.trajectory is None:
            continue
        before, after = (
            successes_by_task(run.fresh(policy_id, is_transfer=False))
            for policy_id in (run.start, run.summary.chosen_policy_id)
        )
        for task_id, success in run.trajectory.fast_1_by_task_N[0].items():
            if task_id in before and task_id in after:
                for kept, found in zip(values[task_id], ([success], before[task_id], after[task_id]), strict=True):
                    kept += found
    return {task_id: (fmean(one), fmean(two), fmean(three)) for task_id, (one, two, three) in sorted(values.items())}


def control_points(study: Study) -> dict[str, tuple[float, float, float]]:
    """The same of the identity control, a third of its samples in each of the three roles."""
    points: dict[str, tuple[float, float, float]] = {}
    if study.why_no_noise_floor:
        return points
    for task_id, frame in study.control.groupby("task_id"):
        thirds = [frame["speedup"].iloc[place::3] > 1 for place in range(3)]
        if len(frame) >= len(thirds):
            points[str(task_id)] = (float(thirds[0].mean()), float(thirds[1].mean()), float(thirds[2].mean()))
    return points
