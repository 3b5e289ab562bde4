"""The judge on kernels that are right, and on a machine that is not."""

import os
import re
import select
import signal
import statistics

import pytest

from kbwf.errors import InfrastructureError, TaskError
from kbwf.judge import bench as bench_module
from kbwf.judge import judge as judge_module
from kbwf.judge import measurement
from kbwf.records import EvalStatus
from kbwf.settings import EvaluationSettings
from kbwf.stages.evaluate_kernel import EvaluateHandler
from tests.builders import make_task
from tests.judge.problems import FAST, HONEST_FORWARD, HONEST_KERNEL, judge, kernel_of, task_of


def changed(**settings: object) -> EvaluationSettings:
    """FAST with other settings."""
    return EvaluationSettings.model_validate({**FAST.model_dump(), **settings})


@pytest.mark.timing
def test_the_identity_kernel_s_interval_covers_one(handler: EvaluateHandler) -> None:
    """In at least 5 of 8 measurements, to within the 5 % that two processes on a CPU may differ by all their life.

    Some may be off, because the machine may be busy with something else; their median is close to one.
    """
    forward = "return x @ x.T"
    task = task_of(forward, rows=512)
    timings = [judge(handler, kernel_of(forward), task, changed(mode="full", timeout_s=30)).timing for _ in range(8)]
    found = [timing for timing in timings if timing is not None]
    assert len(found) == 8
    assert 0.8 < statistics.median(timing.speedup for timing in found) < 1.25
    assert sum(timing.speedup_low / 1.05 <= 1 <= timing.speedup_high * 1.05 for timing in found) >= 5, found


@pytest.mark.timing
def test_half_the_work_is_about_twice_as_fast_and_twice_the_work_half(handler: EvaluateHandler) -> None:
    """The reference computes everything twice; a kernel that does it once or four times is told apart."""
    task = task_of(f"y = (x * self.weight).sum(dim=-1)\n        {HONEST_FORWARD}", rows=256)
    once = judge(handler, kernel_of(), task, changed(mode="full")).timing
    four = judge(handler, kernel_of("y = (x * self.weight).sum(dim=-1)\n" * 3 + HONEST_FORWARD), task).timing
    assert once is not None and four is not None
    assert 1.4 < once.speedup < 3
    assert 0.3 < four.speedup < 0.8


def test_a_passed_evaluation_says_what_was_done(handler: EvaluateHandler) -> None:
    """Trials, timed calls, tolerance, error, environment, sandbox and seconds by phase."""
    evaluation = judge(handler, HONEST_KERNEL, settings=changed(mode="full"))
    assert evaluation.status == EvalStatus.PASSED and evaluation.message == evaluation.trace == ""
    assert evaluation.official is not None and evaluation.timing is not None
    assert evaluation.official.is_correct
    assert (evaluation.official.num_trials, evaluation.official.num_trials_correct) == (5, 5)
    assert evaluation.official.tolerance == 1e-4
    assert evaluation.official.max_abs_error is not None and evaluation.official.max_abs_error < 1e-3
    assert (evaluation.timing.num_blocks, evaluation.timing.num_perf_trials) == (10, 50)
    assert evaluation.environment is not None and evaluation.environment.device.startswith("cpu: ")
    assert evaluation.environment.num_threads == 1
    phases = {"wait_for_device", "start_candidate", "compile", "check", "time", "end_candidate"}
    assert phases <= set(evaluation.seconds_s) and all(seconds >= 0 for seconds in evaluation.seconds_s.values())


def test_a_kernel_that_is_wrong_in_some_trials_says_how_many_were_right(handler: EvaluateHandler) -> None:
    """Right twice, then wrong: 2 of 5."""
    forward = "self.calls = getattr(self, 'calls', 0) + 1\nreturn (x * self.weight).sum(dim=-1) * (self.calls < 3)"
    verdict = judge(handler, kernel_of(forward), settings=changed(mode="full")).official
    assert verdict is not None
    assert (verdict.is_correct, verdict.num_trials, verdict.num_trials_correct) == (False, 5, 2)


def test_a_kernel_that_is_wrong_only_when_timed_is_wrong(handler: EvaluateHandler) -> None:
    """Values of timed calls are checked too: the kernel returns its first result forever."""
    forward = "if not hasattr(self, 'kept'):\n    self.kept = (x * self.weight).sum(dim=-1)\nreturn self.kept"
    evaluation = judge(handler, kernel_of(forward))
    assert evaluation.status == EvalStatus.WRONG_VALUES
    assert evaluation.official is not None and evaluation.official.num_trials_correct == 1


def test_a_busy_machine_is_no_lie(handler: EvaluateHandler, monkeypatch: pytest.MonkeyPatch) -> None:
    """Times that are doubted once are taken anew; doubted every time, the kernel is flagged."""
    monkeypatch.setattr(judge_module, "_NUM_TIMING_ATTEMPTS", 3)
    doubts = ["a neighbour", ""]
    monkeypatch.setattr(measurement, "audit", lambda blocks: doubts.pop(0))
    evaluation = judge(handler, HONEST_KERNEL)
    assert evaluation.status == EvalStatus.PASSED and evaluation.timing is not None
    assert evaluation.timing.num_blocks == 5
    doubts[:] = ["first", "second", "third", "fourth"]
    evaluation = judge(handler, HONEST_KERNEL)
    assert (evaluation.status, evaluation.message, doubts) == (EvalStatus.FLAGGED, "third", ["fourth"])


def test_another_task_takes_the_bench_and_gives_it_back(handler: EvaluateHandler) -> None:
    """A, B, A: each is judged by its own reference, and no file stays open."""
    tasks = [task_of(), task_of("return (x + self.weight).sum(dim=0)", 2), task_of(), task_of(problem_id=3, rows=7)]
    kernels = [kernel_of(), kernel_of("return (x + self.weight).sum(dim=0)"), kernel_of(), kernel_of()]
    statuses, num_open = [], []
    for task, kernel in zip(tasks, kernels, strict=True):
        statuses.append(judge(handler, kernel, task).status)
        num_open.append(len(os.listdir("/proc/self/fd")))
    assert statuses == [EvalStatus.PASSED] * 4
    assert judge(handler, kernels[1], tasks[0]).status == EvalStatus.WRONG_SHAPE
    assert len(set(num_open)) == 1


def test_an_integer_input_and_a_plain_number_reach_the_kernel(handler: EvaluateHandler) -> None:
    """Targets stay integers, a number is handed over as it is."""
    source = (
        "import torch\n\n\nclass Model(torch.nn.Module):\n    def forward(self, x, targets, factor):\n"
        "        return torch.nn.functional.cross_entropy(x, targets) * factor\n\n\n"
        "def get_inputs():\n    return [torch.randn(64, 10), torch.randint(0, 10, (64,)), 2.5]\n\n\n"
        "def get_init_inputs():\n    return []\n"
    )
    kernel = (
        "import torch\n\nclass ModelNew(torch.nn.Module):\n    def forward(self, x, targets, factor):\n"
        "        picked = x.gather(1, targets[:, None])[:, 0]\n"
        "        return (x.logsumexp(1) - picked).mean() * factor\n\n"
        "def get_init_inputs():\n    return []\n"
    )
    evaluation = judge(handler, kernel, make_task(4, "Loss", source))
    assert evaluation.status == EvalStatus.PASSED, evaluation.message


def test_require_refuses_a_sandbox_with_a_gap(handler: EvaluateHandler, monkeypatch: pytest.MonkeyPatch) -> None:
    """The message names what is missing and the way out; with auto the record says so and the kernel is judged."""
    original = bench_module.Runner.open

    def open_with_a_gap(self: bench_module.Runner, *arguments: object) -> None:
        original(self, *arguments)  # type: ignore[arg-type]
        self.sandbox = {"applied": ["rlimits"], "missing": ["net namespace (EPERM)"]}

    monkeypatch.setattr(bench_module.Runner, "open", open_with_a_gap)
    with pytest.raises(InfrastructureError, match=re.escape("does not permit: net namespace (EPERM). `kbwf doctor`")):
        judge(handler, HONEST_KERNEL, settings=changed(sandbox="require"))
    evaluation = judge(handler, HONEST_KERNEL)
    assert evaluation.status == EvalStatus.PASSED and evaluation.sandbox is not None
    assert evaluation.sandbox.missing == ("net namespace (EPERM)",)


def test_a_reference_that_is_gone_is_an_infrastructure_fault_once(
    handler: EvaluateHandler, monkeypatch: pytest.MonkeyPatch
) -> None:
    """No kernel is to blame; the next try has a reference again."""
    original = bench_module.Bench.start_runner

    def end_the_reference(self: bench_module.Bench, timeout_s: float) -> bench_module.Runner:
        candidate, process = original(self, timeout_s), self._reference._process
        os.kill(process.pid, signal.SIGKILL)
        assert select.select([process.connection], [], [], 60)[0], "its end was not noticed"
        return candidate

    with monkeypatch.context() as patch:
        patch.setattr(bench_module.Bench, "start_runner", end_the_reference)
        with pytest.raises(InfrastructureError, match="l0_p001: the reference's process is gone"):
            judge(handler, HONEST_KERNEL)
    assert judge(handler, HONEST_KERNEL).status == EvalStatus.PASSED


@pytest.mark.parametrize(
    ("forward", "reason"),
    [
        ("return undefined", "the reference does not run on cpu: name 'undefined' is not defined"),
        ("return [x]", "the reference returns a list, no tensor"),
    ],
)
def test_a_reference_that_does_not_run_is_a_task_error(handler: EvaluateHandler, forward: str, reason: str) -> None:
    """It names the task; the next task is judged."""
    with pytest.raises(TaskError, match=f"l0_p005 Weighted_sum: {reason}"):
        judge(handler, HONEST_KERNEL, task_of(forward, 5))
    assert judge(handler, HONEST_KERNEL).status == EvalStatus.PASSED
