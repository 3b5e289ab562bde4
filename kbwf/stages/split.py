"""Divide a level's problems into train and eval tasks, and freeze a task."""

from kbwf.config import Tasks
from kbwf.plan import split_ids
from kbwf.records import Split, Task
from kbwf.tasks.sources import list_problem_ids, load_task, source_revision


def make_split(tasks: Tasks) -> Split:
    """The split of the ids that the source really has.

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
    return Split.model_validate({**fields, "sha256": Split.digest_of(fields)})


def freeze_task(tasks: Tasks, problem_id: int) -> Task:
    """The task as it is now; from here on the study refers to this text.

    Raises:
        TaskError: there is no such problem, or it is malformed.
    """
    return load_task(tasks, problem_id)
