"""Compare the results of two studies: other policies, other judges, other GPUs."""

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

from kbwf.errors import KbwfError
from kbwf.records import CONTROL, RunSummary, ScoredSample, Selection, Task
from kbwf.report.comparison_tables import difference_table, equal_kernels_table
from kbwf.report.study import Study, frame_of, joined, judged_only, policies_of
from kbwf.settings import ReportSettings
from kbwf.store import read_record, read_records


def compare(first: Path, second: Path, policies: Sequence[str], cfg: ReportSettings) -> str:
    """Both tables as Markdown, with what each study was run on.

    Args:
        first: a folder of results; so is the second.
        policies: one of each study to hold against each other; none: every policy that both have.

    Raises:
        KbwfError: a folder without results, a policy that a study does not have, or no policy or task in common.
    """
    named = (policies[0], policies[-1]) if policies else ("", "")
    studies = [read_results(folder, name) for folder, name in zip((first, second), named, strict=True)]
    pairs = [named] if policies else _pairs(studies)
    others = _other_tasks(*studies)
    refused = [{task.task_id for task, _ in study.refused} for study in studies]
    studies = [_without(study, others.union(*refused)) for study in studies]
    if not {task.task_id for task in studies[0].tasks} & {task.task_id for task in studies[1].tasks}:
        raise KbwfError(f"{first} and {second} share no task; compare studies of the same tasks")
    parts = [f"# {first} and {second}\n"]
    for word, folder, study in zip(("First", "Second"), (first, second), studies, strict=True):
        frame = study.samples
        devices, modes = (", ".join(sorted(set(frame[name]) - {""})) or "unknown" for name in ("device", "mode"))
        size = f"{len(frame)} samples of {len(study.tasks)} tasks"
        parts.append(f"* {word}: {folder}, {size}, on {devices}, mode {modes}")
    for word, task_ids in zip(("first", "second"), refused, strict=True):
        if task_ids:
            parts.append(f"* Left out, because the {word} cannot judge them: {', '.join(sorted(task_ids))}")
    if others:
        parts.append(f"* Left out, because their references differ: {', '.join(sorted(others))}")
    tables = (difference_table(studies[0], studies[1], pairs, cfg), equal_kernels_table(studies[0], studies[1], cfg))
    for table in tables:
        parts.append(f"\n## {table.title}\n\n{table.note}\n\n{table.to_markdown()}")
    return "\n".join(parts)


def read_results(folder: Path, policy_id: str = "") -> Study:
    """The samples that strategies chose from, and the selections, of a folder of results.

    Args:
        policy_id: whose samples are read too if no strategy chose from them: the chosen step of a run, of which there
            are fresh ones. The rollouts that a step was chosen by would flatter it.

    Raises:
        KbwfError: there are none, or no such policy.
    """
    paths = sorted(folder.glob("selections/*/*/*.jsonl"))
    selections = [one for path in paths for one in read_records(path, Selection)]
    if not selections:
        raise KbwfError(f"{folder} has no selections; give the folder that a finished workflow calls results")
    # Files of more or fewer of the first samples lie beside these: a run's rollouts, which no strategy chose from.
    compared = {(one.policy_id, one.task_id, one.seed, one.num_samples) for one in selections}
    if policy_id and policy_id not in {policy for policy, *_ in compared}:
        fresh = _fresh(folder)
        names = policies_of(policy for policy, *_ in compared | fresh)
        if policy_id not in names:
            raise KbwfError(f"{folder} has no policy {policy_id!r}; it has {', '.join(names)}")
        compared |= {one for one in fresh if one[0] == policy_id}
    frames = []
    for policy, task_id, seed, num_samples in sorted(compared):
        path = folder / "scored" / policy / task_id / f"seed{seed}" / f"first{num_samples}.jsonl"
        if not path.exists():
            raise KbwfError(
                f"{folder} has no {num_samples} scored samples of {policy}, {task_id}, seed {seed}; run the workflow"
            )
        frames.append(frame_of(read_records(path, ScoredSample), "mean"))
    task_ids = sorted({task_id for _, task_id, _, _ in compared})
    tasks = [read_record(folder / "tasks" / f"{task_id}.json", Task) for task_id in task_ids]
    return judged_only(Study(samples=joined(frames), tasks=tuple(tasks), selections=tuple(selections)))


def _fresh(folder: Path) -> set[tuple[str, str, int, int]]:
    """Policy, task, seed and number of the samples that runs are reported by."""
    summaries = [read_record(path, RunSummary) for path in sorted(folder.glob("runs/*/summary.json"))]
    return {
        (score.policy_id, task_id, seed, score.num_samples // (len(score.task_ids) * len(score.seeds)))
        for summary in summaries
        for score in summary.fresh
        for task_id in score.task_ids
        for seed in score.seeds
    }


def _other_tasks(first: Study, second: Study) -> set[str]:
    """Ids that both have, of different programs."""
    references = {task.task_id: task.reference_sha256 for task in first.tasks}
    return {
        task.task_id
        for task in second.tasks
        if references.get(task.task_id, task.reference_sha256) != task.reference_sha256
    }


def _without(study: Study, task_ids: set[str]) -> Study:
    return replace(
        study,
        samples=study.samples[~study.samples["task_id"].isin(task_ids)],
        tasks=tuple(task for task in study.tasks if task.task_id not in task_ids),
        selections=tuple(one for one in study.selections if one.task_id not in task_ids),
    )


def _pairs(studies: Sequence[Study]) -> list[tuple[str, str]]:
    names = [policies_of(study.samples["policy_id"]) for study in studies]
    shared = [name for name in names[0] if name in names[1] and name != CONTROL]
    if not shared:
        raise KbwfError(
            f"the studies share no policy: {', '.join(names[0])} and {', '.join(names[1])}; name one of each with"
            " --policies"
        )
    return [(name, name) for name in shared]
