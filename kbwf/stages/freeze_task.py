"""Freeze a task: from here on the study refers to this text."""

from pathlib import Path

from kbwf.errors import TaskError
from kbwf.records.task import parse_task_id
from kbwf.settings import TaskSettings
from kbwf.store import write_record
from kbwf.tasks import locations
from kbwf.tasks.sources import load_task, malformed_task


def freeze_task(tasks: TaskSettings, task_id: str, output: Path) -> str:
    """Write the task as it is now; returns a line for the log.

    Raises:
        TaskError: there is no such problem, or its source cannot be asked. One that is malformed is frozen with its
            fault, so that the others of a study go on without it.
    """
    problem_id = parse_task_id(task_id)[1]
    try:
        task = load_task(tasks, problem_id)
    except TaskError as error:
        path = locations.problem_path(tasks, problem_id)
        if path is None:
            raise
        task = malformed_task(tasks, problem_id, path, str(error))
    write_record(output, task)
    return f"{task.task_id} {task.name}" + (f" cannot be judged: {task.fault}" if task.fault else "")
