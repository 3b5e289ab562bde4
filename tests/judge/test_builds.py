"""What a kernel compiles is made once, before it is judged, and found by each of its processes."""

import os
from collections.abc import Iterator
from typing import Any

import pytest
import torch

from kbwf.judge.builds import Builds, Built, file_of
from kbwf.judge.processes import Launcher
from kbwf.records import EvalStatus, SandboxReport
from kbwf.sandbox.messages import End, Start
from kbwf.settings import EvaluationSettings
from kbwf.stages.evaluate_kernel import EvaluateHandler
from tests.judge.problems import FAST, HONEST_FORWARD, judge, kernel_of, task_of

COMPILED = """
import os, pathlib  # in place of torch.utils.cpp_extension, whose headers take half a minute
made = pathlib.Path(os.environ["HOME"], "extensions", "made")
was_made = made.exists()
if not was_made:
    made.parent.mkdir()
    made.write_text(str(len(os.sched_getaffinity(0))) + " " + os.environ.get("CUDA_VISIBLE_DEVICES", "unset"))
"""
RIGHT_IF_MADE = "if not was_made: raise RuntimeError('nothing was made')\n" + HONEST_FORWARD


@pytest.fixture
def starts(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """The devices of the runners that are started meanwhile."""
    devices: list[str] = []
    asked = Launcher._asked

    def counting(self: Launcher, message: Start | End, descriptors: list[int] | None, kind: type[Any]) -> Any:
        if isinstance(message, Start):
            devices.append(message.device)
        return asked(self, message, descriptors, kind)

    monkeypatch.setattr(Launcher, "_asked", counting)
    return devices


def settings(**changes: object) -> EvaluationSettings:
    """FAST with other settings."""
    return FAST.model_copy(update=changes)


def test_what_was_compiled_before_is_found_by_the_judged_kernel(handler: EvaluateHandler, starts: list[str]) -> None:
    """Compiled once, by a process that sees no GPU; judged three times, by two processes each."""
    kernel = kernel_of(RIGHT_IF_MADE, COMPILED)
    found = [judge(handler, kernel, task_of(), FAST) for _ in range(3)]
    assert [each.status for each in found] == [EvalStatus.PASSED] * 3, [each.message for each in found]
    assert all("build" in each.seconds_s for each in found)
    assert len(starts) == 1 + (1 if "prepare_task" in found[0].seconds_s else 0) + 3 * 2


def test_a_build_sees_no_gpu(handler: EvaluateHandler) -> None:
    """What only compiles must not disturb a kernel that is timed."""
    kernel = kernel_of("raise RuntimeError(made.read_text())", COMPILED)
    finding = judge(handler, kernel, task_of(), FAST)
    assert finding.status == EvalStatus.RUNTIME_ERROR
    assert finding.message.split(": ")[1].split(" ")[1:] in ([""], []), finding.message


def test_a_kernel_that_compiles_nothing_is_not_built(handler: EvaluateHandler, starts: list[str]) -> None:
    """It costs nothing."""
    finding = judge(handler, kernel_of(), task_of(), FAST)
    assert finding.status == EvalStatus.PASSED
    assert "build" not in finding.seconds_s
    assert len(starts) <= 3


def test_a_compiler_s_error_is_the_verdict(handler: EvaluateHandler, starts: list[str]) -> None:
    """With what the compiler said, and without the device: no pair of processes is started."""
    top = "# cpp_extension\nraise RuntimeError(\"Error building extension 'k': main.cpp:1: error: no such thing\")"
    finding = judge(handler, kernel_of(top=top), task_of(), FAST)
    assert finding.status == EvalStatus.COMPILE_ERROR
    assert "no such thing" in finding.message
    assert "no such thing" in finding.trace
    assert finding.sandbox is not None
    assert starts == ["cpu"]


@pytest.mark.parametrize(
    ("top", "status"),
    [
        ("# cpp_extension\nif 'made' not in globals(): raise RuntimeError('no GPU here')", EvalStatus.COMPILE_ERROR),
        ("# cpp_extension\nimport os\nos._exit(3)", EvalStatus.CRASHED),
        ("# cpp_extension\nimport os\nos.kill(os.getpid(), 9)", EvalStatus.CRASHED),
    ],
)
def test_any_other_failure_counts_only_where_the_kernel_is_judged(
    handler: EvaluateHandler, starts: list[str], top: str, status: EvalStatus
) -> None:
    """It may be for want of a GPU."""
    finding = judge(handler, kernel_of(top=top), task_of(), FAST)
    assert finding.status == status
    assert len(starts) >= 3


def test_a_failure_for_want_of_a_gpu_costs_nothing_that_was_made(handler: EvaluateHandler) -> None:
    """What was compiled before the source went on to ask for a GPU is kept."""
    kernel = kernel_of(RIGHT_IF_MADE, COMPILED + "if not was_made: raise RuntimeError('no GPU here')\n")
    assert judge(handler, kernel, task_of(), FAST).status == EvalStatus.PASSED


def test_what_compiles_for_too_long_is_ended(handler: EvaluateHandler) -> None:
    """By its own limit, named."""
    kernel = kernel_of(top="# cpp_extension\nwhile True: pass")
    finding = judge(handler, kernel, task_of(), settings(compile_timeout_s=0.5))
    assert (finding.status, finding.message) == (EvalStatus.TIMEOUT, "not compiled within evaluation.compile_timeout_s")


def test_a_kernel_that_compiles_in_its_constructor_is_built_too(handler: EvaluateHandler) -> None:
    """Its weights are not made for that."""
    source = f"""import torch
import os, pathlib  # cpp_extension
made = pathlib.Path(os.environ["HOME"], "made")
class ModelNew(Model):
    def __init__(self, width):
        super().__init__(width)
        self.was_made = made.exists()
        made.write_text(self.weight.device.type)
        self.text = made.read_text()
    def forward(self, x):
        if not self.was_made:
            raise RuntimeError("nothing was made")
        {HONEST_FORWARD}
"""
    finding = judge(handler, source, task_of(), FAST)
    assert finding.status == EvalStatus.PASSED, finding.message


def test_one_kernel_s_files_are_no_other_s(handler: EvaluateHandler) -> None:
    """Not even of a kernel that differs in a comment."""
    assert judge(handler, kernel_of(RIGHT_IF_MADE, COMPILED), task_of(), FAST).status == EvalStatus.PASSED
    other = kernel_of(
        "raise RuntimeError('before: ' + str(was_before))", f"{COMPILED}was_before = (made.parent / 'b').exists()"
    )
    assert "before: False" in judge(handler, other, task_of(), FAST).message


def test_a_sample_s_record_says_what_compiling_took(handler: EvaluateHandler) -> None:
    """A phase of its own."""
    evaluation = judge(handler, kernel_of(RIGHT_IF_MADE, COMPILED), task_of(), FAST)
    assert evaluation.status == EvalStatus.PASSED, evaluation.message
    assert "build" in evaluation.seconds_s


def test_what_a_kernel_is_given_cannot_be_changed() -> None:
    """Neither by the kernel: the file is sealed."""
    report = SandboxReport(applied=())
    with file_of(Built(b"archive", None, report)) as file:
        assert file is not None
        again = os.open(f"/proc/self/fd/{file}", os.O_RDWR)
        with pytest.raises(PermissionError):
            os.pwrite(again, b"x", 0)
        os.close(again)
    for built in (None, Built(b"", None, report)):
        with file_of(built) as file:
            assert file is None


@pytest.fixture
def builds_of_a_gpu(handler: EvaluateHandler, monkeypatch: pytest.MonkeyPatch) -> Iterator[Builds]:
    """As on a GPU's host with eight cores, of which this one has what it has."""
    monkeypatch.setattr("kbwf.judge.builds.cuda_arch_of", lambda _: "9.0+PTX")
    monkeypatch.setattr("os.sched_getaffinity", lambda _: set(range(8)))
    builds = Builds(handler._launcher, torch.device("cuda"))
    yield builds
    builds.close()


def test_the_next_kernels_are_compiled_meanwhile(builds_of_a_gpu: Builds, starts: list[str]) -> None:
    """Begun without waiting, each once, and there when it is asked for; for the GPU that is here."""
    top = COMPILED + "made.write_text(os.environ['TORCH_CUDA_ARCH_LIST'])\n"
    kernels = [f"{task_of().reference_source}\n{kernel_of(top=top)}# {number}" for number in range(3)]
    for kernel in kernels * 2:
        builds_of_a_gpu.ahead(task_of(), kernel, FAST)
    found = [builds_of_a_gpu.of(task_of(), kernel, FAST) for kernel in kernels]
    for built in found:
        assert built is not None and built.failure is None
        with file_of(built) as file:
            assert file is not None and b"9.0+PTX" in os.pread(file, 1 << 20, 0)
    assert starts == ["cpu"] * 3
    assert [builds_of_a_gpu.of(task_of(), kernel, FAST) for kernel in kernels] == found


def test_what_is_compiled_leaves_the_last_core_to_the_kernel_that_is_judged(builds_of_a_gpu: Builds) -> None:
    """And gives way to the judge on the others."""
    builds_of_a_gpu.ahead(task_of(), kernel_of(top="# cpp_extension"), FAST)
    own = builds_of_a_gpu._own
    assert own is not None and own is not builds_of_a_gpu._launcher
    assert builds_of_a_gpu._cores == set(range(7))
    assert os.getpriority(os.PRIO_PROCESS, own._process.pid) == os.getpriority(os.PRIO_PROCESS, 0) + 10


def test_a_failure_met_ahead_shows_when_the_kernel_is_asked_for(builds_of_a_gpu: Builds) -> None:
    """And is met anew after that."""
    source = f"{task_of().reference_source}\n# cpp_extension\nraise RuntimeError(\"Error building extension 'k'\")"
    builds_of_a_gpu.ahead(task_of(), source, FAST)
    for _ in range(2):
        built = builds_of_a_gpu.of(task_of(), source, FAST)
        assert built.failure is not None and built.failure[0] == EvalStatus.COMPILE_ERROR


@pytest.mark.parametrize(("device", "num_cores"), [("cpu", 8), ("cuda", 3)])
def test_nothing_is_compiled_beside_what_it_would_disturb(
    handler: EvaluateHandler, monkeypatch: pytest.MonkeyPatch, starts: list[str], device: str, num_cores: int
) -> None:
    """On the CPU another is timed, and few cores are the judge's own."""
    monkeypatch.setattr("os.sched_getaffinity", lambda _: set(range(num_cores)))
    builds = Builds(handler._launcher, torch.device(device))
    builds.ahead(task_of(), kernel_of(top="# cpp_extension"), FAST)
    assert starts == []


def test_what_was_made_of_many_kernels_is_forgotten_from_the_oldest_on(
    handler: EvaluateHandler, monkeypatch: pytest.MonkeyPatch, starts: list[str]
) -> None:
    """By number."""
    monkeypatch.setattr("kbwf.judge.builds._MAX_KEPT", 2)
    builds = Builds(handler._launcher, torch.device("cpu"))
    sources = [f"{task_of().reference_source}\n{kernel_of(top='# cpp_extension')}# {number}" for number in range(3)]
    for number in (0, 1, 2, 2, 1, 0):
        builds.of(task_of(), sources[number], FAST)
    assert len(starts) == 4
