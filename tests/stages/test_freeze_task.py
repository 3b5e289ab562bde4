"""Freezing a task."""

from pathlib import Path

import pytest

from kbwf.errors import TaskError
from kbwf.records import Task
from kbwf.settings import TaskSettings
from kbwf.stages.freeze_task import freeze_task
from kbwf.store import read_record


def test_a_task_is_written_as_a_record(tmp_path: Path) -> None:
    """And the log says which."""
    message = freeze_task(TaskSettings(), "l0_p001", tmp_path / "task.json")
    task = read_record(tmp_path / "task.json", Task)
    assert message == f"l0_p001 {task.name}" and task.task_id == "l0_p001"


@pytest.mark.parametrize(
    ("raw", "fault"), [(b"import torch\nx = (\n", "is no Python source"), (b"# \xe9\n", "is no text in UTF-8")]
)
def test_a_malformed_problem_is_frozen_with_its_fault(tmp_path: Path, raw: bytes, fault: str) -> None:
    """The study's other tasks go on without it; its text is nobody's."""
    (tmp_path / "level1").mkdir()
    (tmp_path / "level1/003_Broken.py").write_bytes(raw)
    message = freeze_task(TaskSettings(source="directory", level=1, path=tmp_path), "l1_p003", tmp_path / "task.json")
    task = read_record(tmp_path / "task.json", Task)
    assert (task.name, task.reference_source) == ("Broken", "")
    assert fault in task.fault
    assert message == f"l1_p003 Broken cannot be judged: {task.fault}"


def test_freezing_an_unknown_task_is_a_task_error(tmp_path: Path) -> None:
    """The command line ends with the error's own exit code, and nothing is written."""
    with pytest.raises(TaskError, match="problem 999 does not exist"):
        freeze_task(TaskSettings(), "l0_p999", tmp_path / "task.json")
    assert list(tmp_path.iterdir()) == []
