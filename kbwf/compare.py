"""Compare the results of two studies: other policies, other judges, other GPUs."""

import re
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

from kbwf.errors import KbwfError
from kbwf.records import CONTROL, ScoredSample, Selection, Task
from kbwf.report.comparison_tables import difference_table, equal_kernels_table
from kbwf.report.study import Study, frame_of, joined, policies_of
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
    studies = [read_results(folder) for folder in (first, second)]
    pairs = _pairs(studies, (first, second), policies)
    others = _other_tasks(*studies)
    studies = [_without(study, others) for study in studies]
    if not {task.task_id for task in studies[0].tasks} & {task.task_id for task in studies[1].tasks}:
        raise KbwfError(f"{first} and {second} share no task; compare studies of the same tasks")
    parts = [f"# {first} and {second}\n"]
    for word, folder, study in zip(("First", "Second"), (first, second), studies, strict=True):
        frame = study.samples
        devices, modes = (", ".join(sorted(set(frame[name]) - {""})) or "unknown" for name in ("device", "mode"))
        size = f"{len(frame)} samples of {len(study.tasks)} tasks"
        parts.append(f"* {word}: {folder}, {size}, on {devices}, mode {modes}")
    if others:
        parts.append(f"* Left out, because their references differ: {', '.join(sorted(others))}")
    tables = (difference_table(studies[0], studies[1], pairs, cfg), equal_kernels_table(studies[0], studies[1], cfg))
    for table in tables:
        parts.append(f"\n## {table.title}\n\n{table.note}\n\n{table.to_markdown()}")
    return "\n".join(parts)


def read_results(folder: Path) -> Study:
    """The samples that strategies chose from, and the selections, of a folder of results.

    Raises:
        KbwfError: there are none.
    """
    paths = sorted(folder.glob("selections/*/*/*.jsonl"))
    selections = [one for path in paths for one in read_records(path, Selection)]
    if not selections:
        raise KbwfError(f"{folder} has no selections; give the folder that a finished workflow calls results")
    compared = sorted({(one.policy_id, one.task_id, one.seed) for one in selections})
    frames = []
    for policy_id, task_id, seed in compared:
        scored = sorted((folder / "scored" / policy_id / task_id / f"seed{seed}").glob("first*.jsonl"), key=_count)
        if not scored:
            raise KbwfError(f"{folder} has no scored samples of {policy_id}, {task_id}, seed {seed}; run the workflow")
        frames.append(frame_of(read_records(scored[-1], ScoredSample), "mean"))
    task_ids = sorted({task_id for _, task_id, _ in compared})
    tasks = [read_record(folder / "tasks" / f"{task_id}.json", Task) for task_id in task_ids]
    return Study(samples=joined(frames), tasks=tuple(tasks), selections=tuple(selections))


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


def _count(path: Path) -> int:
    """16 for `first16.jsonl`: a run's rollouts may be the first few of the same samples."""
    match = re.search(r"\d+", path.stem)
    return int(match[0]) if match else 0


def _pairs(studies: Sequence[Study], folders: Sequence[Path], policies: Sequence[str]) -> list[tuple[str, str]]:
    names = [policies_of(study.samples["policy_id"]) for study in studies]
    for policy_id, found, folder in zip(policies, names, folders, strict=False):
        if policy_id not in found:
            raise KbwfError(f"{folder} has no policy {policy_id!r}; it has {', '.join(found)}")
    if policies:
        return [(policies[0], policies[-1])]
    shared = [name for name in names[0] if name in names[1] and name != CONTROL]
    if not shared:
        raise KbwfError(
            f"the studies share no policy: {', '.join(names[0])} and {', '.join(names[1])}; name one of each with"
            " --policies"
        )
    return [(name, name) for name in shared]
