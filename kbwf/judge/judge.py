"""The judge: owns secret seeds, expected outputs, clock and verdict; of a task's code it runs `get_inputs` alone."""

import contextlib
import time
from collections import defaultdict
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from typing import Any

import torch

from kbwf.errors import InfrastructureError
from kbwf.judge.bench import Bench, key_of
from kbwf.judge.builds import Builds, file_of, must_build
from kbwf.judge.candidate import Candidate, Rejected
from kbwf.judge.clock import Clock
from kbwf.judge.device import lease
from kbwf.judge.processes import Launcher, RunnerProcess
from kbwf.judge.trial import Trial
from kbwf.records import Environment, EvalStatus, SandboxReport, Task, Timing, Verdict
from kbwf.records.base import canonical_json
from kbwf.sandbox.cores import require_cores
from kbwf.sandbox.defences import remedy
from kbwf.sandbox.messages import Description
from kbwf.settings import EvaluationSettings


@dataclass
class Finding:
    """What the judge found out about one kernel; the stage makes an `Evaluation` of it."""

    status: EvalStatus | None = None
    """None until it is known."""
    message: str = ""
    trace: str = ""
    official: Verdict | None = None
    hardened: Verdict | None = None
    degenerate: tuple[str, ...] = ()
    ref_failure: str = ""
    may_use_tf32: bool = True
    timing: Timing | None = None
    sandbox: SandboxReport | None = None
    seconds_s: dict[str, float] = field(default_factory=dict)

    @property
    def failure(self) -> str:
        """Status and reason, where there is no time."""
        return "" if self.timing is not None else f"{self.status}: {self.message}"


class Judge:
    """Evaluates kernels one after the other; what belongs to a task stays warm until another task comes."""

    def __init__(self, launcher: Launcher, device: torch.device, environment: Environment) -> None:
        """Of a device.

        Raises:
            ConfigError: on the CPU, more threads are asked for than there are cores.
        """
        if device.type == "cpu" and environment.num_threads:
            require_cores(environment.num_threads, "evaluation.num_threads")
        self._launcher, self._device, self._environment = launcher, device, environment
        self._clock = Clock(device)
        self._builds = Builds(launcher, device)
        self._bench: Bench | None = None
        self._descriptions: dict[tuple[object, ...], Description] = {}
        self._left: list[RunnerProcess] = []
        if device.type == "cpu" and environment.num_threads:
            torch.set_num_threads(environment.num_threads)

    def know(self, task: Task, settings: EvaluationSettings, description: dict[str, Any]) -> None:
        """Take over what was found out about a task on this kind of machine, so that it need not be measured again.

        Args:
            description: a `Description` as JSON; not read again where the task is known.
        """
        key = key_of(task, settings)
        if key not in self._descriptions:
            self._descriptions[key] = Description.model_validate_json(canonical_json(description))

    def describe(self, task: Task, settings: EvaluationSettings) -> Description:
        """What there is to know of a task before any kernel of it is judged.

        Raises:
            InfrastructureError: the device or the launcher failed.
            TaskTooLargeError: the task does not fit the device.
            TaskError: the task cannot be judged.
        """
        try:
            with lease(self._environment):
                self._end_left()
                return self._bench_for(task, settings, _Phases()).description
        except InfrastructureError:
            self._drop_bench()
            raise

    def judge(self, task: Task, kernel_source: str | None, settings: EvaluationSettings) -> Finding:
        """Compile, check and time one kernel; None is the reference itself.

        Raises:
            InfrastructureError: the device, the launcher or the reference's runner failed; the kernel is not judged.
            TaskError: the task cannot be judged.
        """
        phases, built = _Phases(), None
        if kernel_source is not None and must_build(kernel_source):
            with self._lease_of_cores():
                phases.lap("wait_for_device")
                built = self._builds.of(task, kernel_source, settings)
                phases.lap("build")
            if built.failure is not None:
                status, message, trace = built.failure
                return Finding(status, message, trace, sandbox=built.sandbox, seconds_s=phases.seconds_s)
        try:
            with lease(self._environment), file_of(built) as made:
                phases.lap("wait_for_device")
                self._end_left()
                bench = self._bench_for(task, settings, phases)
                candidate = bench.take_candidate(settings)
                phases.lap("start_candidate")
                if self._device.type == "cuda":  # it takes half a second, while this one is compiled and checked
                    bench.prepare_candidate()
                try:
                    finding = self._try(bench, candidate, kernel_source, made, settings, phases)
                finally:
                    self._leave(candidate, *bench.release_reference())
                    phases.lap("end_candidate")
        except InfrastructureError:
            self._drop_bench()  # another try shall not meet the same dead process
            raise
        finding.seconds_s = phases.seconds_s
        return finding

    @property
    def builds_ahead(self) -> bool:
        """Whether `build_ahead` does anything here."""
        return self._builds.has_cores_to_spare

    def build_ahead(self, task: Task, kernel_source: str, settings: EvaluationSettings) -> None:
        """Begin to compile a kernel that will be judged before long, where that disturbs nobody."""
        self._builds.ahead(task, kernel_source, settings)

    def prepare(self) -> None:
        """While nobody asks: start the process of the next candidate for the same task."""
        with contextlib.suppress(InfrastructureError):
            self._end_left()
            if self._bench is not None:
                self._bench.prepare_candidate()

    def close(self) -> None:
        """End all that was started and give the buffers back."""
        self._drop_bench()
        self._builds.close()

    def _drop_bench(self) -> None:
        self._end_left()
        if self._bench is not None:
            self._bench.close()
            self._bench = None

    def _lease_of_cores(self) -> contextlib.AbstractContextManager[object]:
        """For compilers: on the CPU they would disturb whom another process times there."""
        return lease(self._environment) if self._device.type == "cpu" else contextlib.nullcontext()

    def _leave(self, *runners: RunnerProcess) -> None:
        """End them; on a GPU, where that takes a tenth of a second, when nobody waits. They are frozen till then."""
        self._left += runners
        if self._device.type == "cpu":
            self._end_left()

    def _end_left(self) -> None:
        while self._left:
            self._left.pop().end()

    def _bench_for(self, task: Task, settings: EvaluationSettings, phases: "_Phases") -> Bench:
        if self._bench is None or not self._bench.fits(task, settings):
            self._drop_bench()
            key = key_of(task, settings)
            bench = Bench(self._launcher, self._device, task, settings, self._descriptions.get(key))
            try:
                if key not in self._descriptions:
                    bench.try_inputs()
            except BaseException:
                bench.close()
                raise
            self._bench, self._descriptions[key] = bench, bench.description
            phases.lap("prepare_task")
        return self._bench

    def _try(
        self,
        bench: Bench,
        candidate: RunnerProcess,
        kernel_source: str | None,
        made: int | None,
        settings: EvaluationSettings,
        phases: "_Phases",
    ) -> Finding:
        ready = candidate.sandbox
        report = SandboxReport(applied=tuple(ready.applied), missing=tuple(ready.missing))
        finding = Finding(sandbox=report, may_use_tf32=bench.description.may_use_tf32)
        if settings.sandbox == "require" and ready.missing:
            ways = "; ".join(dict.fromkeys(filter(None, map(remedy, ready.missing))))
            raise InfrastructureError(
                f"evaluation.sandbox is require, but this host does not permit: {', '.join(ready.missing)}."
                f" To get it: {ways}; or set evaluation.sandbox: auto"
            )
        kernel = Candidate(bench, candidate, self._clock)
        trial = Trial(bench, kernel, self._clock, settings)
        try:
            with phases.timed("compile"):
                kernel.load(kernel_source, made)
            with phases.timed("check"):
                trial.check()
            with phases.timed("start_next"):
                bench.wait_for_next()
            with phases.timed("time"):
                finding.timing = trial.time()
            finding.status = EvalStatus.PASSED
        except Rejected as rejected:
            finding.status, finding.message, finding.trace = rejected.status, rejected.message, rejected.trace
        if finding.status != EvalStatus.COMPILE_ERROR:
            finding.official, finding.hardened = trial.official, trial.hardened
            finding.degenerate = bench.description.yardstick.degenerate
            finding.ref_failure = bench.description.yardstick.own_failure
        return finding


JudgeFor = Callable[[EvaluationSettings], tuple[Judge, Environment]]
"""The judge of a device and thread count, kept warm by whoever serves the request, and what it judges on."""


class _Phases:
    """Seconds by phase, in the order of the laps."""

    def __init__(self) -> None:
        self._seconds_s: dict[str, float] = defaultdict(float)
        self._last_s = time.monotonic()

    def lap(self, phase: str) -> None:
        now_s = time.monotonic()
        self._seconds_s[phase] += now_s - self._last_s
        self._last_s = now_s

    @contextlib.contextmanager
    def timed(self, phase: str) -> Iterator[None]:
        try:
            yield
        finally:
            self.lap(phase)

    @property
    def seconds_s(self) -> dict[str, float]:
        return {phase: round(seconds, 4) for phase, seconds in self._seconds_s.items()}
