"""A task tried out: by a judge that says what a test wants, and for real."""

from pathlib import Path
from typing import Any

import pytest

from kbwf.errors import InfrastructureError, TaskError, TaskTooLargeError
from kbwf.judge.finding import Finding
from kbwf.judge.judge import Judge
from kbwf.records import Calibration, EvalStatus, Timing
from kbwf.records.base import canonical_json
from kbwf.sandbox.messages import Description
from kbwf.settings import EvaluationSettings
from kbwf.stages.calibrate_task import calibrate, calibrate_task
from kbwf.stages.evaluate_kernel import EvaluateHandler
from kbwf.store import read_record, write_record
from tests.builders import make_timing
from tests.judge.problems import FAST, task_of
from tests.judge.quirks import REFUSED

SETTINGS = FAST.model_copy(update={"num_identity_pairs": 2})


pytestmark = pytest.mark.usefixtures("statuses_not_times")


def request_in(folder: Path, settings: EvaluationSettings = SETTINGS, **more: Any) -> dict[str, Any]:
    """What a job asks for."""
    write_record(folder / "task.json", task_of())
    paths = {"task": "task.json", "output": "out.json", "refusal": "out.txt"}
    request = {name: str(folder / path) for name, path in paths.items()}
    return {**request, "settings": settings.model_dump(mode="json"), "skip_too_large": False, **more}


def finds(monkeypatch: pytest.MonkeyPatch, *found: Finding | Exception) -> list[Any]:
    """The judge's answers in turn; returns the sources it was asked about."""
    asked: list[Any] = []
    waiting = iter(found)

    def judge(self: Judge, task: Any, source: Any, settings: Any) -> Finding:
        asked.append(source)
        finding = next(waiting)
        if isinstance(finding, Exception):
            raise finding
        return finding

    monkeypatch.setattr(Judge, "judge", judge)
    return asked


def passed(timing: Timing) -> Finding:
    """A pair that was timed."""
    return Finding(EvalStatus.PASSED, timing=timing)


def test_a_task_is_described_and_its_reference_judged_as_its_own_kernel(
    handler: EvaluateHandler, tmp_path: Path
) -> None:
    """For real: two fresh pairs, a description that can be taken over, and an empty refusal."""
    message = calibrate_task(request_in(tmp_path), handler.judge_for)["message"]
    calibration = read_record(tmp_path / "out.json", Calibration)
    assert (tmp_path / "out.txt").read_text() == ""
    assert (calibration.refusal, len(calibration.pairs), calibration.failures) == ("", 2, ())
    assert calibration.memory is not None and calibration.memory.inputs_bytes > 0
    description = Description.model_validate_json(canonical_json(calibration.description))
    assert description.yardstick.degenerate == calibration.degenerate
    assert message.startswith("l0_p001 ")
    assert "over 2 pairs of processes" in message


def test_a_task_that_cannot_be_judged_is_a_result(handler: EvaluateHandler) -> None:
    """The sentence that names task and reason, and nothing else."""
    task, reason = REFUSED["dropout"]
    calibration = calibrate(task, SETTINGS, *handler.judge_for(SETTINGS), skip_too_large=False)
    assert "give different outputs" in calibration.refusal, reason
    assert (calibration.description, calibration.pairs) == (None, ())


def test_a_reference_that_is_refused_as_its_own_kernel_each_time_refuses_the_task(
    handler: EvaluateHandler, monkeypatch: pytest.MonkeyPatch
) -> None:
    """No kernel could be held to it. Where some of the pairs were timed, the others are noted."""
    wrong = Finding(EvalStatus.WRONG_VALUES, "3 of 4 differ")
    asked = finds(monkeypatch, wrong, wrong)
    judge, environment = handler.judge_for(SETTINGS)
    calibration = calibrate(task_of(), SETTINGS, judge, environment, skip_too_large=False)
    assert calibration.refusal.endswith(
        "its own reference, as a kernel, is refused each time, at last wrong_values: 3 of 4 differ"
    )
    assert asked == [None, None]
    finds(monkeypatch, wrong, passed(make_timing(1.01)))
    calibration = calibrate(task_of(), SETTINGS, judge, environment, skip_too_large=False)
    assert (calibration.refusal, calibration.failures) == ("", ("wrong_values: 3 of 4 differ",))
    assert [pair.speedup for pair in calibration.pairs] == [1.01]


def test_times_that_cannot_be_believed_are_no_fault_of_the_task(
    handler: EvaluateHandler, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The machine was busy: nothing is known of the error between pairs, and kernels are judged all the same."""
    flagged = Finding(EvalStatus.FLAGGED, "its requests take no longer than empty ones")
    finds(monkeypatch, flagged, flagged)
    calibration = calibrate(task_of(), SETTINGS, *handler.judge_for(SETTINGS), skip_too_large=False)
    assert (calibration.refusal, calibration.pairs, len(calibration.failures)) == ("", (), 2)


def test_a_task_that_is_too_large_stops_the_study_or_is_left_out(
    handler: EvaluateHandler, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    """Before anything is sampled, with the figure; nothing is written unless it is to be skipped."""

    def describe(self: Judge, task: Any, settings: Any) -> Description:
        raise TaskTooLargeError("needs 90 GB")

    monkeypatch.setattr(Judge, "describe", describe)
    with pytest.raises(TaskTooLargeError, match="needs 90 GB"):
        calibrate_task(request_in(tmp_path), handler.judge_for)
    assert not (tmp_path / "out.json").exists()
    calibrate_task(request_in(tmp_path, skip_too_large=True), handler.judge_for)
    assert (tmp_path / "out.txt").read_text() == "needs 90 GB"
    assert read_record(tmp_path / "out.json", Calibration).refusal == "needs 90 GB"


def test_a_fault_of_the_machine_is_tried_again_and_a_task_s_is_not(
    handler: EvaluateHandler, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    """Twice in a row it is said."""
    gone = InfrastructureError("the launcher is gone")
    asked = finds(monkeypatch, gone, passed(make_timing(1.0)), passed(make_timing(1.0)))
    calibrate_task(request_in(tmp_path), handler.judge_for)
    assert len(asked) == 3
    finds(monkeypatch, gone, gone)
    with pytest.raises(InfrastructureError, match="the launcher is gone"):
        calibrate_task(request_in(tmp_path), handler.judge_for)
    asked = finds(monkeypatch, TaskError("it draws at random"))
    calibrate_task(request_in(tmp_path), handler.judge_for)
    assert len(asked) == 1
    assert (tmp_path / "out.txt").read_text() == "it draws at random"


def test_without_pairs_a_task_is_described_only(handler: EvaluateHandler, monkeypatch: pytest.MonkeyPatch) -> None:
    """Nothing is judged, and no interval will be widened."""
    settings = SETTINGS.model_copy(update={"num_identity_pairs": 0})
    assert finds(monkeypatch) == []
    calibration = calibrate(task_of(), settings, *handler.judge_for(settings), skip_too_large=False)
    assert (calibration.pairs, calibration.refusal) == ((), "")
