"""The evaluate stage: requests, records, and measurements used again."""

import os
from pathlib import Path
from typing import Any

import pytest
import torch

from kbwf.by_hand import evaluate_file, find_task
from kbwf.errors import InfrastructureError, RecordError, TaskError
from kbwf.judge.finding import Finding
from kbwf.judge.judge import Judge
from kbwf.records import Calibration, EvalStatus, Evaluation, Timing
from kbwf.settings import EvaluationSettings, PromptSettings
from kbwf.stages.evaluate_kernel import EvaluateHandler, describe
from kbwf.store import read_record, write_record, write_records
from tests.builders import make_evaluation, make_task, make_timing
from tests.judge.problems import (
    FAST,
    HONEST_FORWARD,
    HONEST_KERNEL,
    sample_of,
    task_of,
)

COMMENTED = "# a remark\nproduct = x * self.weight  # by column\n\nreturn product.sum(\n    dim=-1)"
PLAIN = "product = x * self.weight\nreturn product.sum(dim=-1)"


pytestmark = pytest.mark.usefixtures("statuses_not_times")


@pytest.fixture
def findings(monkeypatch: pytest.MonkeyPatch) -> list[Finding]:
    """What the judge will find, last first; without any it judges for real."""
    waiting: list[Finding] = []
    monkeypatch.setattr(Judge, "judge", lambda self, task, source, settings: waiting.pop())
    return waiting


def measure(
    handler: EvaluateHandler, response: str, store: Path | None, settings: EvaluationSettings = FAST, **sample: Any
) -> Evaluation:
    """The evaluation of a response in style forward_body."""
    return handler.evaluate(task_of(), sample_of(response, **sample), settings, PromptSettings(), store)


def calibration_of(handler: EvaluateHandler, pairs: tuple[Timing, ...] = (), refusal: str = "") -> Calibration:
    """Of the task, on this machine."""
    judge, environment = handler.judge_for(FAST)
    description = None if refusal else judge.describe(task_of(), FAST).model_dump(mode="json")
    return Calibration(
        task=task_of(), mode="fast", environment=environment, description=description, pairs=pairs, refusal=refusal
    )


def test_a_task_s_calibration_spares_describing_it_and_widens_the_interval(
    handler: EvaluateHandler, monkeypatch: pytest.MonkeyPatch, findings: list[Finding]
) -> None:
    """On a machine of its kind; what another kind of machine found out is not taken."""
    known: list[dict[str, Any]] = []
    monkeypatch.setattr(Judge, "know", lambda self, task, settings, description: known.append(description))
    calibration = calibration_of(handler, (make_timing(1.1), make_timing(0.9)))
    assert calibration.environment is not None
    elsewhere = calibration.model_copy(
        update={"environment": calibration.environment.model_copy(update={"torch": "another"})}
    )
    for given, num_known, num_pairs in ((calibration, 1, 2), (elsewhere, 1, 0)):
        findings.append(Finding(EvalStatus.PASSED, timing=make_timing(1.05, 1.04, 1.06)))
        found = handler.evaluate(task_of(), sample_of(PLAIN), FAST, PromptSettings(), None, given)
        assert found.timing is not None
        assert (len(known), found.timing.num_pairs) == (num_known, num_pairs)
        assert found.timing.comparison == ("unsure" if num_pairs else "faster")


def test_a_task_that_cannot_be_judged_gives_its_samples_a_status_without_a_judge(
    handler: EvaluateHandler, tmp_path: Path, findings: list[Finding]
) -> None:
    """Whether its samples were drawn or not; samples that were not drawn are not judged later as if they were empty."""
    refused = sample_of("", sample_idx=1).model_copy(update={"refusal": "it draws at random"})
    write_record(tmp_path / "task.json", calibration_of(handler, refusal="it draws at random"))
    write_records(tmp_path / "chunk.jsonl", [sample_of(PLAIN), refused])
    paths = {"task": "task.json", "samples": "chunk.jsonl", "output": "out.json", "store": "store"}
    request: dict[str, Any] = {name: str(tmp_path / path) for name, path in paths.items()}
    request |= {"settings": FAST.model_dump(mode="json"), "prompt": {}}
    for idx in (0, 1):
        handler.handle(request | {"idx": idx})
        found = read_record(tmp_path / "out.json", Evaluation)
        assert (found.status, found.message) == (EvalStatus.TASK_REFUSED, "it draws at random")
        assert found.is_refused
    write_record(tmp_path / "task.json", calibration_of(handler))
    with pytest.raises(RecordError, match=r"was not drawn, .*it draws at random\); now it can: remove .*chunk.jsonl"):
        handler.handle(request | {"idx": 1})
    assert findings == []


def test_the_next_kernels_of_a_chunk_are_compiled_meanwhile(
    handler: EvaluateHandler, tmp_path: Path, findings: list[Finding], monkeypatch: pytest.MonkeyPatch
) -> None:
    """On a GPU's host: it and those after it that compile something, unless measured before; each is looked at once."""
    begun: list[str] = []
    on_a_gpu = False
    monkeypatch.setattr(Judge, "builds_ahead", property(lambda self: on_a_gpu))
    monkeypatch.setattr(Judge, "build_ahead", lambda self, task, source, settings: begun.append(source))
    bodies = [f"from torch.utils import cpp_extension\nreturn x * {number}" for number in range(14)]
    bodies[4], bodies[6] = PLAIN, "no kernel, but cpp_extension"
    write_record(tmp_path / "task.json", calibration_of(handler))
    write_records(tmp_path / "chunk.jsonl", [sample_of(body, sample_idx=idx) for idx, body in enumerate(bodies)])
    paths = {"task": "task.json", "samples": "chunk.jsonl", "output": "out.json", "store": "store"}
    request: dict[str, Any] = {name: str(tmp_path / path) for name, path in paths.items()}
    request |= {"settings": FAST.model_dump(mode="json"), "prompt": {}}
    numbers = []
    for idx in (1, 3, 2, 4):
        findings.append(Finding(EvalStatus.WRONG_VALUES, "wrong"))
        handler.handle(request | {"idx": idx})
        numbers.append([int(source.rpartition("x * ")[2]) for source in begun])
        begun.clear()
        on_a_gpu = True
    assert numbers == [[], [3, 5, 7, 8, 9, 10, 11], [2], [12]]


def test_a_request_writes_the_record_of_its_sample(handler: EvaluateHandler, tmp_path: Path) -> None:
    """The sample is found by its index in the chunk; the message says what came out."""
    write_record(tmp_path / "task.json", calibration_of(handler))
    write_records(tmp_path / "chunk.jsonl", [sample_of("x", sample_idx=8), sample_of(HONEST_FORWARD, sample_idx=9)])
    paths = {"task": "task.json", "samples": "chunk.jsonl", "output": "evals/9.json", "store": "store"}
    request: dict[str, Any] = {name: str(tmp_path / path) for name, path in paths.items()}
    request |= {"settings": FAST.model_dump(mode="json"), "prompt": {}, "idx": 9}
    message = handler.handle(request)["message"]
    evaluation = read_record(tmp_path / "evals/9.json", Evaluation)
    assert (evaluation.sample_idx, evaluation.status, evaluation.mode) == (9, EvalStatus.PASSED, "fast")
    assert message == describe(evaluation)
    with pytest.raises(RecordError, match=r"chunk\.jsonl holds samples \[8, 9\], not 10"):
        handler.handle(request | {"idx": 10})


def test_equal_kernels_are_measured_once(handler: EvaluateHandler, tmp_path: Path) -> None:
    """The second record has its own sample's name, and the first one's times; a comment makes another kernel."""
    first = measure(handler, PLAIN, tmp_path, sample_idx=0)
    second = measure(handler, PLAIN, tmp_path, sample_idx=5, policy_id="other.step3")
    assert (first.status, first.is_reused, second.is_reused) == (EvalStatus.PASSED, False, True)
    assert (second.sample_idx, second.policy_id) == (5, "other.step3")
    assert second.kernel_source == first.kernel_source
    assert second.timing == first.timing and second.kernel_sha256 == first.kernel_sha256
    assert describe(second).endswith("reused)")
    for other in (COMMENTED, "return (self.weight * x).sum(dim=-1)"):
        third = measure(handler, other, tmp_path)
        assert not third.is_reused and third.kernel_sha256 != first.kernel_sha256


def test_other_conditions_are_measured_anew(
    handler: EvaluateHandler, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, findings: list[Finding]
) -> None:
    """Settings, the task's source, the judge's code; and where reuse is off or nobody keeps measurements."""
    findings += [Finding(EvalStatus.WRONG_VALUES, str(number)) for number in range(6)]
    measure(handler, PLAIN, tmp_path)
    longer = EvaluationSettings.model_validate({**FAST.model_dump(), "timeout_s": 6})
    assert not measure(handler, PLAIN, tmp_path, longer).is_reused
    other = handler.evaluate(task_of(rows=65), sample_of(PLAIN), FAST, PromptSettings(), tmp_path)
    assert not other.is_reused
    assert not measure(
        handler, PLAIN, tmp_path, EvaluationSettings.model_validate({**FAST.model_dump(), "reuse": False})
    ).is_reused
    assert not measure(handler, PLAIN, None).is_reused
    assert measure(handler, PLAIN, tmp_path).is_reused
    monkeypatch.setattr("kbwf.stages.evaluate_kernel.code_digest", lambda module: "edited")
    assert not measure(handler, PLAIN, tmp_path).is_reused
    assert findings == []


def test_the_identity_control_is_always_measured_anew(
    handler: EvaluateHandler, tmp_path: Path, findings: list[Finding]
) -> None:
    """Its spread is the result; it takes nothing from the store and leaves nothing there."""
    findings += [Finding(EvalStatus.PASSED, timing=make_timing(1.0)) for _ in range(3)]
    measure(handler, PLAIN, tmp_path)
    before = sorted(tmp_path.iterdir())
    for number in range(2):
        assert not measure(handler, PLAIN, tmp_path, policy_id="identity", sample_idx=number).is_reused
    assert sorted(tmp_path.iterdir()) == before and len(before) == 1
    assert findings == []


TRIED_AGAIN = {EvalStatus.TIMEOUT, EvalStatus.CRASHED, EvalStatus.FLAGGED}
FINAL = {
    EvalStatus.COMPILE_ERROR, EvalStatus.RUNTIME_ERROR, EvalStatus.WRONG_TYPE, EvalStatus.WRONG_SHAPE,
    EvalStatus.WRONG_DTYPE, EvalStatus.WRONG_VALUES, EvalStatus.INPUT_CHANGED,
    EvalStatus.PASSED,
}  # fmt: skip


def test_every_status_of_a_kernel_is_final_or_tried_again() -> None:
    """A new one is put in its place here, whatever the store makes of it."""
    assert {*TRIED_AGAIN, *FINAL} == set(EvalStatus) - {EvalStatus.NO_KERNEL, EvalStatus.TASK_REFUSED}


@pytest.mark.parametrize("status", sorted({*TRIED_AGAIN, *FINAL}))
def test_what_may_go_otherwise_next_time_is_not_kept(
    handler: EvaluateHandler, tmp_path: Path, findings: list[Finding], status: EvalStatus
) -> None:
    """TIMEOUT, CRASHED and FLAGGED are tried again; every other status is final."""
    timing = make_timing(2.0) if status == EvalStatus.PASSED else None
    findings += [Finding(EvalStatus.WRONG_SHAPE), Finding(status, timing=timing)]
    assert measure(handler, PLAIN, tmp_path).status == status
    again = measure(handler, PLAIN, tmp_path)
    if status in TRIED_AGAIN:
        assert (again.status, again.is_reused) == (EvalStatus.WRONG_SHAPE, False)
    else:
        assert (again.status, again.is_reused) == (status, True)


def test_cuda_without_a_gpu_is_an_infrastructure_fault(
    handler: EvaluateHandler, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The message names the setting and where to look."""
    monkeypatch.setattr(torch.cuda, "is_available", lambda: False)
    with pytest.raises(
        InfrastructureError, match="evaluation.device is cuda, but torch sees no GPU here; `kbwf doctor`"
    ):
        measure(handler, PLAIN, None, EvaluationSettings(device="cuda"))


def test_a_description_holds_the_figures_or_the_reason() -> None:
    """One line either way."""
    passed = make_evaluation(timing=make_timing(2.0, 1.5, 2.5), seconds_s={"check": 0.25, "time": 1.0})
    assert (
        describe(passed)
        == "passed: 2.000x [1.500, 2.500], faster: 1.0000 ms against the reference's 2.0000 ms (1.25 s)"
    )
    failed = make_evaluation(status=EvalStatus.TIMEOUT).model_copy(update={"message": "no answer"})
    assert describe(failed) == "timeout: no answer (0.00 s)"


def test_a_kernel_in_a_file_is_judged_by_hand(tmp_path: Path) -> None:
    """The text for the person names task, device, figures and trials."""
    (tmp_path / "kernel.py").write_text(HONEST_KERNEL)
    (tmp_path / "7_Weighted_sum.py").write_text(task_of().reference_source)
    num_threads = torch.get_num_threads()
    evaluation, text = evaluate_file(str(tmp_path / "7_Weighted_sum.py"), tmp_path / "kernel.py", FAST, os.environ)
    torch.set_num_threads(num_threads)
    assert evaluation.status == EvalStatus.PASSED and evaluation.policy_id == "by-hand"
    lines = text.splitlines()
    assert lines[0].startswith("l9_p007 7_Weighted_sum on cpu: ")
    assert (
        lines[1].startswith("passed: ")
        and lines[2] == "correct in 1 of 1 trials, tolerance 0.0001; in 6 of 6 by the hardened rule"
    )


def test_a_task_is_found_by_record_by_file_and_by_bundled_id(tmp_path: Path) -> None:
    """Three ways to say which; a file without a number is problem 1."""
    write_record(tmp_path / "task.json", make_task(3))
    assert find_task(str(tmp_path / "task.json")) == make_task(3)
    (tmp_path / "mine.py").write_text(task_of().reference_source)
    assert (find_task(str(tmp_path / "mine.py")).task_id, find_task("l0_p006").name) == ("l9_p001", "RMS_norm")


def test_a_problem_file_is_held_to_what_a_task_is_held_to(tmp_path: Path) -> None:
    """A file that the workflow would refuse is refused by hand too, and in the same words."""
    (tmp_path / "mine.py").write_text("x = 1")
    with pytest.raises(TaskError, match=r"mine\.py does not define class Model, get_inputs\(\), get_init_inputs\(\);"):
        find_task(str(tmp_path / "mine.py"))
    source = task_of().reference_source
    (tmp_path / "mine.py").write_bytes(source.encode("utf-16"))
    assert find_task(str(tmp_path / "mine.py")).reference_source == source


@pytest.mark.parametrize("task", ["l1_p012", "nonsense", "l0_x", "missing.py", "l0_p999", ""])
def test_a_task_that_is_none_is_named(task: str) -> None:
    """Whatever was typed."""
    with pytest.raises(TaskError, match="l1_p012|nonsense|l0_x|missing.py|999|''"):
        find_task(task)
