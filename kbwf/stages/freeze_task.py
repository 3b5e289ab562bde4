"""Freeze a task: from here on the study refers to this text."""

from pathlib import Path

from kbwf.records.task import parse_task_id
from kbwf.settings import TaskSettings
from kbwf.store import write_record
from kbwf.tasks.sources import load_task


def freeze_task(tasks: TaskSettings, task_id: str, output: Path) -> str:
    """Write the task as it is now; returns a line for the log.

    Raises:
        TaskError: there is no such problem, or it is malformed.
    """
    task = load_task(tasks, parse_task_id(task_id)[1])
    write_record(output, task)
    return f"{task.task_id} {task.name}"
