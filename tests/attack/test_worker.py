"""The process that judges the bank: what it is asked, and what happens when it fails."""

import threading
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from kbwf.attack import worker as worker_module
from kbwf.attack.worker import Worker
from kbwf.errors import InfrastructureError, KbwfError, TaskError
from kbwf.records import Calibration, EvalStatus, Sample
from kbwf.settings import EvaluationSettings
from kbwf.store import read_record, read_records, write_record
from tests.builders import make_evaluation

SETTINGS = EvaluationSettings(mode="fast", device="cpu")
Answer = Callable[[dict[str, Any], str], None]


@pytest.fixture
def task_path(tmp_path: Path) -> Path:
    """A problem's file; nobody runs it here."""
    path = tmp_path / "scale.py"
    path.write_text("import torch\n")
    return path


def answer_with(monkeypatch: pytest.MonkeyPatch, answer: Answer) -> list[str]:
    """Stand in for the warm process; returns the owners that were named, in order."""
    owners: list[str] = []

    def call(kind: str, request: dict[str, Any], code: str, owner: str, credentials: tuple[str, ...]) -> None:
        owners.append(owner)
        answer(request, owner)

    monkeypatch.setattr(worker_module, "call", call)
    return owners


def write_answer(request: dict[str, Any], _: str) -> None:
    """What the warm process does for a kernel that is wrong."""
    write_record(Path(request["output"]), make_evaluation(0, None, EvalStatus.WRONG_VALUES))


def fail_with(error: KbwfError) -> Answer:
    """What `call` does when the warm process reports a failure: the class is lost, the exit code is not."""

    def answer(*_: object) -> None:
        failure = KbwfError(str(error))
        failure.exit_code = error.exit_code
        raise failure

    return answer


def test_a_kernel_is_asked_about_as_a_sample_is(
    tmp_path: Path, task_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Task and sample lie in the worker's folder; every store is its own unless one is given."""
    requests: list[dict[str, Any]] = []

    def answer(request: dict[str, Any], owner: str) -> None:
        requests.append(request)
        write_answer(request, owner)

    answer_with(monkeypatch, answer)
    with Worker(tmp_path / "work") as worker:
        assert worker.evaluate(task_path, "kernel one", SETTINGS).status == EvalStatus.WRONG_VALUES
        worker.evaluate(task_path, "kernel two", SETTINGS)
        worker.evaluate(task_path, "kernel two", SETTINGS, tmp_path / "shared")
    first, second, third = requests
    (sample,) = read_records(Path(first["samples"]), Sample)
    assert sample.response == "kernel one"
    assert read_record(Path(first["task"]), Calibration).task.reference_source == "import torch\n"
    assert read_record(Path(second["task"]), Calibration).task.task_id == sample.task_id
    assert first["store"] != second["store"] and third["store"] == str(tmp_path / "shared")
    assert first["settings"]["mode"] == "fast" and first["prompt"]["style"] == "model_new"


def test_a_process_that_failed_is_replaced(tmp_path: Path, task_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The next kernel names another owner, so that it meets a fresh process; after a task's fault it need not."""
    failing = answer_with(monkeypatch, fail_with(InfrastructureError("gone")))
    with Worker(tmp_path) as worker:
        with pytest.raises(InfrastructureError, match="gone"):
            worker.evaluate(task_path, "", SETTINGS)
        refusing = answer_with(monkeypatch, fail_with(TaskError("no model")))
        with pytest.raises(TaskError, match="no model"):
            worker.evaluate(task_path, "", SETTINGS)
        answering = answer_with(monkeypatch, write_answer)
        worker.evaluate(task_path, "", SETTINGS)
    assert failing != refusing == answering


def test_a_process_that_does_not_answer_is_given_up(
    tmp_path: Path, task_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """After its limit, with the seconds; its owner is ended, and it leaves with that one."""
    monkeypatch.setattr(worker_module, "_HANG_SLACK_S", 0.0)
    monkeypatch.setattr(worker_module, "_HANG_FACTOR", 0.0)
    released = threading.Event()
    answer_with(monkeypatch, lambda *_: (released.wait(), None)[1])
    with Worker(tmp_path) as worker:
        with pytest.raises(InfrastructureError, match="no answer for 0 s"):
            worker.evaluate(task_path, "", SETTINGS)
        released.set()
