"""The judge on kernels that are right, and on a machine that is not."""

import os
import re
import select
import signal
import statistics
from typing import Any

import pytest

from kbwf.errors import InfrastructureError
from kbwf.judge.bench import Bench
from kbwf.judge.candidate import Candidate
from kbwf.judge.judge import Judge
from kbwf.judge.processes import RunnerProcess
from kbwf.judge.reference import Reference
from kbwf.judge.slots import InputSlots
from kbwf.records import EvalStatus
from kbwf.sandbox.messages import Ready
from kbwf.settings import EvaluationSettings
from kbwf.stages.evaluate_kernel import EvaluateHandler
from tests.builders import make_task
from tests.judge.problems import (
    FAST,
    HONEST_FORWARD,
    HONEST_KERNEL,
    ask_for_no_times,
    judge,
    kernel_of,
    new_handler,
    pid_of,
    task_of,
)


def changed(**settings: object) -> EvaluationSettings:
    """FAST with other settings."""
    return EvaluationSettings.model_validate({**FAST.model_dump(), **settings})


def bench_of(handler: EvaluateHandler) -> Bench:
    """The bench that is warm."""
    assert handler._judge is not None and handler._judge._bench is not None
    return handler._judge._bench


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
    assert (evaluation.timing.num_blocks, evaluation.timing.num_perf_trials) == (25, 50)
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


def test_adaptive_times_until_the_interval_is_narrow_or_the_budget_spent(
    handler: EvaluateHandler, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Narrow after the twenty-eighth block, of which each holds two calls."""
    monkeypatch.setattr("kbwf.judge.measurement.is_narrow", lambda blocks, overhead_ms, target_frac: len(blocks) >= 28)
    timing = judge(handler, HONEST_KERNEL, settings=changed(mode="adaptive", budget_s=1000)).timing
    assert timing is not None
    assert (timing.num_blocks, timing.num_perf_trials) == (28, 56)


def test_require_refuses_a_sandbox_with_a_gap(handler: EvaluateHandler, monkeypatch: pytest.MonkeyPatch) -> None:
    """The message names what is missing and the way out; with auto the record says so and the kernel is judged."""
    original = RunnerProcess.wait_until_ready

    def wait_with_a_gap(self: RunnerProcess) -> None:
        original(self)
        self.sandbox = Ready(applied=["rlimits"], missing=["net namespace (EPERM)"])

    monkeypatch.setattr(RunnerProcess, "wait_until_ready", wait_with_a_gap)
    with pytest.raises(
        InfrastructureError, match=re.escape("does not permit: net namespace (EPERM). To get it: run as root, or")
    ):
        judge(handler, HONEST_KERNEL, settings=changed(sandbox="require"))
    evaluation = judge(handler, HONEST_KERNEL)
    assert evaluation.status == EvalStatus.PASSED and evaluation.sandbox is not None
    assert evaluation.sandbox.missing == ("net namespace (EPERM)",)


@pytest.mark.parametrize("moment", ["before_the_kernel", "while_timed"])
def test_a_reference_that_is_gone_is_an_infrastructure_fault_once(
    handler: EvaluateHandler, monkeypatch: pytest.MonkeyPatch, moment: str
) -> None:
    """No kernel is to blame; the next try has a reference again."""

    def end_the_reference(self: Reference, *arguments: Any) -> Any:
        found = original(self, *arguments)
        os.kill(pid_of(self.process), signal.SIGKILL)
        return found

    name = {"before_the_kernel": "load", "while_timed": "time"}[moment]
    original = getattr(Reference, name)
    with monkeypatch.context() as patch:
        patch.setattr(Reference, name, end_the_reference)
        with pytest.raises(InfrastructureError, match="l0_p001: the reference's process is gone"):
            judge(handler, HONEST_KERNEL)
    assert handler._judge is not None and handler._judge._bench is None
    assert judge(handler, HONEST_KERNEL).status == EvalStatus.PASSED


def test_a_reference_that_fails_later_than_when_it_was_described_is_no_kernel_s_fault(
    handler: EvaluateHandler,
) -> None:
    """As many calls are well as it takes to describe it; a later one raises."""
    settings = FAST.model_copy(update={"mode": "full"})
    count = "self.n = getattr(self, 'n', 0) + 1\n        "
    failing = task_of(count + "assert self.n < 40, 'tired'\n        return x * 2", 5)
    with pytest.raises(InfrastructureError, match="l0_p005: the reference failed: AssertionError: tired"):
        judge(handler, kernel_of("return x * 2"), failing, settings)
    shrinking = task_of(count + "return x[self.n // 40:]", 6)
    with pytest.raises(InfrastructureError, match=r"l0_p006: the reference returned \[63, 1024\], \[64, 1024\] when"):
        judge(handler, kernel_of("return x.clone()"), shrinking, settings)
    assert judge(handler, HONEST_KERNEL).status == EvalStatus.PASSED


def test_a_runner_that_does_not_start_leaves_none_behind(
    handler: EvaluateHandler, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Of a pair, the other one ends too; the next try starts two."""
    judge(handler, HONEST_KERNEL)
    started: list[RunnerProcess] = []
    start = Bench._start

    def start_and_note(self: Bench, *arguments: Any) -> RunnerProcess:
        started.append(start(self, *arguments))
        return started[-1]

    def fail(self: RunnerProcess) -> None:
        raise self._not_started()

    with monkeypatch.context() as patch:
        patch.setattr(Bench, "_start", start_and_note)
        patch.setattr(RunnerProcess, "wait_until_ready", fail)
        with pytest.raises(InfrastructureError, match="a runner did not start"):
            judge(handler, HONEST_KERNEL)
    assert len(started) == 2
    assert all(runner._ended is not None for runner in started)
    assert judge(handler, HONEST_KERNEL).status == EvalStatus.PASSED


def test_the_next_candidate_is_prepared_while_nobody_asks(handler: EvaluateHandler) -> None:
    """The kernel after that runs in the very process, and a fresh one stands beside it; both end with it."""
    judge(handler, HONEST_KERNEL)
    bench = bench_of(handler)
    assert bench._next is None
    handler.prepare()
    prepared = bench._next
    handler.prepare()
    assert prepared is not None and bench._next is prepared
    assert judge(handler, HONEST_KERNEL).status == EvalStatus.PASSED
    assert all(runner._ended is not None for runner in prepared.processes) and bench._next is None


def test_the_next_candidate_may_start_while_one_is_checked(
    handler: EvaluateHandler, monkeypatch: pytest.MonkeyPatch
) -> None:
    """As on a GPU: the present one's memory and weights stay its own; the next stands still before a time is taken."""
    judge(handler, HONEST_KERNEL)
    bench, waited = bench_of(handler), []
    take, wait = Bench.take_pair, Bench.wait_for_next

    def take_and_prepare(self: Bench, *arguments: Any) -> tuple[Candidate, Reference]:
        found = take(self, *arguments)
        self.prepare_pair()
        return found

    def wait_and_note(self: Bench) -> None:
        wait(self)
        waited.append(self._next is not None and [each._is_ready for each in self._next.processes])

    monkeypatch.setattr(Bench, "take_pair", take_and_prepare)
    monkeypatch.setattr(Bench, "wait_for_next", wait_and_note)
    for _ in range(2):
        assert judge(handler, HONEST_KERNEL).status == EvalStatus.PASSED
        prepared = bench._next
        assert prepared is not None and all(each._ended is None for each in prepared.processes)
    # As one is taken, of which the first was not prepared, and before it is timed.
    assert waited == [False, *[[True, True]] * 3]
    assert judge(handler, kernel_of(HONEST_FORWARD + " + 1")).status == EvalStatus.WRONG_VALUES
    assert len(waited) == 4 + 1  # nothing was timed


@pytest.mark.parametrize("is_ready", [False, True])
def test_a_next_candidate_that_does_not_start_or_live_on_is_started_anew(
    handler: EvaluateHandler, is_ready: bool
) -> None:
    """The present kernel may have left no memory: no fault of its, and nothing that another would meet."""
    judge(handler, HONEST_KERNEL)
    bench = bench_of(handler)
    bench.prepare_pair()
    prepared = bench._next
    assert prepared is not None
    if is_ready:
        bench.wait_for_next()
        assert bench._next is prepared
    os.kill(prepared.reference._pid, signal.SIGKILL)
    hung_up = select.poll()
    hung_up.register(prepared.reference._connection, 0)  # of a hang-up it tells always
    assert hung_up.poll(60_000)
    if is_ready:  # nobody waits between two jobs
        assert judge(handler, HONEST_KERNEL).status == EvalStatus.PASSED
        return
    bench.wait_for_next()
    assert bench._next is None and all(each._ended is not None for each in prepared.processes)
    bench.wait_for_next()
    assert judge(handler, HONEST_KERNEL).status == EvalStatus.PASSED


def test_preparing_without_a_task_or_a_machine_does_nothing() -> None:
    """A fault then is the next job's to find."""
    with new_handler() as handler:
        handler.prepare()
        judge(handler, HONEST_KERNEL)
        handler._launcher._process.kill()
        handler._launcher._process.wait()
        handler.prepare()
        with pytest.raises(InfrastructureError, match="the launcher is gone"):
            judge(handler, HONEST_KERNEL)
        handler._judge = None  # whose processes ended with their launcher


def test_every_draw_comes_from_secret_seeds_of_its_own(
    handler: EvaluateHandler, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Two evaluations of one kernel have no seed in common, and correctness trials are official draws."""
    ask_for_no_times(monkeypatch)
    seen: dict[bool, list[int]] = {True: [], False: []}
    original = InputSlots.draw

    def draw(self: InputSlots, slots: list[int], seeds: list[int], *, is_official: bool) -> Any:
        seen[is_official] += seeds
        return original(self, slots, seeds, is_official=is_official)

    monkeypatch.setattr(InputSlots, "draw", draw)
    for _ in range(2):
        assert judge(handler, HONEST_KERNEL).status == EvalStatus.PASSED
    # A correctness trial; five of hardened inputs, which are varied from others like the task's own; three warm-up
    # calls, and three blocks of two calls, each of which is drawn twice, once for either side.
    assert (len(seen[True]), len(seen[False])) == (2, 2 * (5 + 2 * (3 + 3 * 2)))
    assert len(set(seen[True] + seen[False])) == 2 * (6 + 3 + 3 * 2)


def test_closing_ends_every_process(monkeypatch: pytest.MonkeyPatch) -> None:
    """What was prepared, and the launcher; and no file stays open."""
    before = len(os.listdir("/proc/self/fd"))
    with new_handler() as handler:
        judge(handler, HONEST_KERNEL)
        handler.prepare()
        assert isinstance(handler._judge, Judge)
        bench, process = bench_of(handler), handler._launcher._process
        assert bench._next is not None
        runners = bench._next.processes
    assert process.returncode is not None
    assert all(runner._ended is not None for runner in runners)
    assert len(os.listdir("/proc/self/fd")) == before
