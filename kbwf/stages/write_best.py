"""Write the chosen kernels as files that a person can run."""

import re
import secrets
import shutil
import tempfile
from collections import Counter, defaultdict
from pathlib import Path

from kbwf.errors import RecordError
from kbwf.records import Confirmation, EvalStatus, SampleSet, ScoredSample, Selection, Task
from kbwf.report.best_kernels import IndexRow, index_csv, index_markdown, kernel_file
from kbwf.store import read_record, read_records, write_text
from kbwf.strategies.best_of_n import best_choice, look_up

_MAX_NAME = 100
"""Letters of a task's name in that of a file, of which file systems take 255."""


def write_best(
    selections_paths: list[Path],
    scored_paths: list[Path],
    tasks_paths: list[Path],
    confirmations_paths: list[Path],
    folder: Path,
) -> str:
    """Write, for each task, the best kernel that one strategy chose under any seed, as a runnable file.

    Where chosen kernels were measured again, that is what the best is the best by; one counts as faster only if
    confirmed.

    The folder also gets `index.csv` and `README.md`. It is written beside its place and renamed, so that it is whole or
    not there; a folder of that name is replaced.

    Returns:
        A line for the log.

    Raises:
        RecordError: selections of several strategies, or a chosen sample that is not among the scored ones.
    """
    selections = [one for path in selections_paths for one in read_records(path, Selection)]
    strategies = sorted({one.strategy for one in selections})
    if len(strategies) > 1:
        raise RecordError(f"the best kernels are those of one strategy, got selections of {strategies}; pass one's")
    tasks = sorted((one for path in tasks_paths for one in read_records(path, Task)), key=lambda one: one.task_id)
    by_task: dict[str, list[Selection]] = defaultdict(list)
    for selection in selections:
        by_task[selection.task_id].append(selection)
    confirmed = look_up(read_record(path, Confirmation) for path in confirmations_paths)
    choices = {task.task_id: best_choice(by_task[task.task_id], confirmed) for task in tasks}
    winners, statuses = _read_scored(scored_paths, [choice for choice in choices.values() if choice])

    folder.parent.mkdir(parents=True, exist_ok=True)
    staged = folder.parent / f".{folder.name}.{secrets.token_hex(4)}"
    staged.mkdir()  # not mkdtemp, which nobody else may read
    try:
        rows: list[IndexRow] = []
        for task in tasks:
            choice = choices[task.task_id]
            if choice is None:
                reason = _reason(by_task[task.task_id], statuses[task.task_id])
                rows.append(IndexRow(task.task_id, task.name, None, None, reason))
                continue
            name = _file_name(task)
            scored = winners.get(choice.sample_set)
            if scored is None or scored.evaluation.timing is None:
                raise RecordError(
                    f"{choice.sample_set}: sample {choice.sample_idx} was selected, but is not among the scored samples"
                    " as a correct one; run the selection again"
                )
            kernel = confirmed(choice)
            write_text(staged / name, kernel_file(task, choice, by_task[task.task_id], scored, kernel, name))
            rows.append(IndexRow(task.task_id, task.name, scored.evaluation.timing, kernel, name))
        write_text(staged / "index.csv", index_csv(rows))
        is_confirmed = bool(confirmations_paths)
        strategy = strategies[0] if strategies else "none"
        write_text(staged / "README.md", index_markdown(rows, strategy, is_confirmed=is_confirmed))
        _replace_folder(staged, folder)
    except BaseException:
        shutil.rmtree(staged, ignore_errors=True)
        raise
    num_faster = sum(row.confirmed is not None and row.confirmed.is_faster for row in rows)
    counted = f", {num_faster} of them confirmed to be faster" if confirmations_paths else ""
    return f"{sum(row.chosen is not None for row in rows)} kernels in {folder}{counted}"


def _read_scored(
    paths: list[Path], choices: list[Selection]
) -> tuple[dict[SampleSet, ScoredSample], dict[str, Counter[str]]]:
    """The chosen samples, and the number of samples by status for each task."""
    wanted = {one.sample_set: one.sample_idx for one in choices}
    winners = {}
    statuses: dict[str, Counter[str]] = defaultdict(Counter)
    for path in paths:
        for one in read_records(path, ScoredSample):
            statuses[one.sample.task_id][one.evaluation.status] += 1
            if wanted.get(one.sample_set) == one.sample.sample_idx:
                winners[one.sample_set] = one
    return winners, statuses


def _reason(selections: list[Selection], statuses: Counter[str]) -> str:
    if not selections:
        return "no selection was made for this task"
    if statuses.keys() == {EvalStatus.TASK_REFUSED}:
        return "the task cannot be judged on this machine; the report says why"
    counts = ", ".join(f"{status} {count}" for status, count in sorted(statuses.items(), key=lambda x: (-x[1], x[0])))
    num_samples = sum(one.num_samples for one in selections)
    return f"no correct sample among {num_samples}" + (f" ({counts})" if counts else "")


def _file_name(task: Task) -> str:
    name = re.sub(r"[^A-Za-z0-9._-]+", "_", task.name)[:_MAX_NAME]
    return f"{task.task_id}_{name}.py"


def _replace_folder(staged: Path, folder: Path) -> None:
    """Rename; a folder that is in the way is moved aside first, because a rename replaces empty folders only."""
    if folder.exists():
        aside = Path(tempfile.mkdtemp(dir=folder.parent, prefix=f".{folder.name}.old."))
        folder.replace(aside)
        staged.replace(folder)
        shutil.rmtree(aside)
    else:
        staged.replace(folder)
