"""The judge: owns secret seeds, expected outputs, clock and verdict; of a task's code it runs `get_inputs` alone."""

import contextlib
from collections.abc import Callable
from typing import Any

import torch

from kbwf.errors import InfrastructureError
from kbwf.judge.bench import Bench, key_of
from kbwf.judge.builds import Builds, file_of, must_build
from kbwf.judge.candidate import Rejected
from kbwf.judge.checks import Checks
from kbwf.judge.clock import Clock
from kbwf.judge.device import lease
from kbwf.judge.finding import Finding, Phases
from kbwf.judge.processes import Launcher, RunnerProcess
from kbwf.judge.sides import Sides
from kbwf.judge.timer import Timer
from kbwf.records import Environment, EvalStatus, SandboxReport, Task
from kbwf.records.base import canonical_json
from kbwf.sandbox.cores import require_cores
from kbwf.sandbox.defences import remedy
from kbwf.sandbox.messages import Description
from kbwf.settings import EvaluationSettings


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
                return self._bench_for(task, settings, Phases()).description
        except InfrastructureError:
            self._drop_bench()
            raise

    def judge(self, task: Task, kernel_source: str | None, settings: EvaluationSettings) -> Finding:
        """Compile, check and time one kernel; None is the reference itself.

        Raises:
            InfrastructureError: the device, the launcher or the reference's runner failed; the kernel is not judged.
            TaskError: the task cannot be judged.
        """
        phases, built = Phases(), None
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
                candidate, reference = bench.take_pair(settings, self._clock)
                phases.lap("start_candidate")
                try:
                    if self._device.type == "cuda":  # it takes half a second, while this one is compiled and checked
                        bench.prepare_pair()
                    finding = self._try(Sides(bench, reference, candidate), kernel_source, made, settings, phases)
                finally:
                    self._leave(candidate.process, reference.process)
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
                self._bench.prepare_pair()

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

    def _bench_for(self, task: Task, settings: EvaluationSettings, phases: Phases) -> Bench:
        if self._bench is None or not self._bench.fits(task, settings):
            self._drop_bench()
            key = key_of(task, settings)
            bench = Bench(self._launcher, self._device, task, settings, self._descriptions.get(key))
            try:
                if key not in self._descriptions:
                    bench.inputs.try_out()
            except BaseException:
                bench.close()
                raise
            self._bench, self._descriptions[key] = bench, bench.description
            phases.lap("prepare_task")
        return self._bench

    def _try(
        self, sides: Sides, kernel_source: str | None, made: int | None, settings: EvaluationSettings, phases: Phases
    ) -> Finding:
        bench, candidate = sides.bench, sides.candidate
        ready = candidate.process.sandbox
        report = SandboxReport(applied=tuple(ready.applied), missing=tuple(ready.missing))
        finding = Finding(sandbox=report, may_use_tf32=bench.description.may_use_tf32)
        if settings.sandbox == "require" and ready.missing:
            ways = "; ".join(dict.fromkeys(filter(None, map(remedy, ready.missing))))
            raise InfrastructureError(
                f"evaluation.sandbox is require, but this host does not permit: {', '.join(ready.missing)}."
                f" To get it: {ways}; or set evaluation.sandbox: auto"
            )
        checks, timer = Checks(sides, settings), Timer(sides, self._clock, settings)
        try:
            with phases.timed("compile"):
                candidate.load(kernel_source, made)
            with phases.timed("check"):
                checks.run()
            with phases.timed("start_next"):
                bench.wait_for_next()
            with phases.timed("time"):
                finding.timing = timer.run()
            finding.status = EvalStatus.PASSED
        except Rejected as rejected:
            finding.status, finding.message, finding.trace = rejected.status, rejected.message, rejected.trace
        if finding.status != EvalStatus.COMPILE_ERROR:
            finding.official, finding.hardened = checks.official, checks.hardened
            finding.degenerate = bench.description.yardstick.degenerate
            finding.ref_failure = bench.description.yardstick.own_failure
        return finding


JudgeFor = Callable[[EvaluationSettings], tuple[Judge, Environment]]
"""The judge of a device and thread count, kept warm by whoever serves the request, and what it judges on."""
