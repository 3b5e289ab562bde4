"""Divide a level's problems into train and eval tasks."""

from pathlib import Path

from kbwf.records import Split
from kbwf.settings import TaskSettings
from kbwf.store import write_record
from kbwf.tasks.sources import list_problem_ids, source_revision
from kbwf.tasks.splits import split_ids


def make_split(tasks: TaskSettings, output: Path) -> str:
    """Write the split of the ids that the source really has; returns a line for the log.

    Raises:
        TaskError: the source cannot be read.
        ConfigError: `tasks.path` does not hold the level.
    """
    ids = list_problem_ids(tasks)
    train_ids, eval_ids = split_ids(ids, tasks.split_seed)
    fields: dict[str, object] = {
        "level": tasks.level,
        "split_seed": tasks.split_seed,
        "source": tasks.source,
        "revision": source_revision(tasks),
        "num_problems": len(ids),
        "train_ids": train_ids,
        "eval_ids": eval_ids,
    }
    write_record(output, Split.model_validate({**fields, "sha256": Split.digest_of(fields)}))
    return f"{len(train_ids)} train and {len(eval_ids)} eval tasks"
