"""The judge: owns the reference, the secret seeds, the expected outputs, the clock and the verdict."""

import secrets
import time
from collections import defaultdict
from dataclasses import dataclass, field
from typing import Any

import torch

from kbwf.errors import InfrastructureError
from kbwf.judge import measurement
from kbwf.judge.bench import Bench, Runner
from kbwf.judge.device import lease
from kbwf.judge.measurement import PLANS, Block
from kbwf.judge.verdict import is_close, judge_claim, max_abs_error, same_values, tolerance_of
from kbwf.records import Environment, EvalStatus, SandboxReport, Task, Timing, Verdict
from kbwf.sandbox.channel import Closed, ProtocolError
from kbwf.sandbox.launcher import Zygote
from kbwf.settings import EvaluationSettings

_NUM_WARMUP_CALLS = 3
_NUM_TIMING_ATTEMPTS = 3


@dataclass
class Finding:
    """What the judge found out about one kernel; the stage makes an `Evaluation` of it."""

    status: EvalStatus
    message: str = ""
    trace: str = ""
    official: Verdict | None = None
    timing: Timing | None = None
    sandbox: SandboxReport | None = None
    seconds_s: dict[str, float] = field(default_factory=dict)


class _Failed(Exception):
    """Ends a kernel's evaluation with a status."""

    def __init__(self, status: EvalStatus, message: str, trace: str = "") -> None:
        super().__init__(message)
        self.status, self.message, self.trace = status, _plain(message), _plain(trace)


class Judge:
    """Evaluates kernels one after the other; what belongs to a task stays warm until another task comes."""

    def __init__(self, zygote: Zygote, device: torch.device, environment: Environment) -> None:
        self._zygote = zygote
        self._device = device
        self._environment = environment
        self._bench: Bench | None = None

    def evaluate(self, task: Task, kernel_source: str, settings: EvaluationSettings) -> Finding:
        """Compile, check and time one kernel.

        Raises:
            InfrastructureError: the device, the zygote or the reference's runner failed; the sample is not judged.
            TaskError: the reference itself does not run.
        """
        clock = _PhaseClock()
        try:
            return self._evaluate(task, kernel_source, settings, clock)
        except InfrastructureError:
            self.close()  # another try shall not meet the same dead process
            raise

    def _evaluate(self, task: Task, kernel_source: str, settings: EvaluationSettings, clock: "_PhaseClock") -> Finding:
        with lease(self._environment):
            clock.lap("wait_for_device")
            if self._bench is None or not self._bench.fits(task, settings):
                if self._bench is not None:
                    self._bench.close()
                self._bench = None
                self._bench = Bench(self._zygote, self._device, task, settings)
                clock.lap("prepare_task")
            candidate = self._bench.start_runner(settings.timeout_s)
            clock.lap("start_candidate")
            try:
                finding = self._examine(self._bench, candidate, kernel_source, settings, clock)
            finally:
                candidate.end()
                clock.lap("end_candidate")
        finding.seconds_s = clock.seconds_s
        return finding

    def close(self) -> None:
        """End the reference's runner and give the buffers back."""
        if self._bench is not None:
            self._bench.close()
            self._bench = None

    def _examine(
        self, bench: Bench, candidate: Runner, kernel_source: str, settings: EvaluationSettings, clock: "_PhaseClock"
    ) -> Finding:
        sandbox = SandboxReport(
            applied=tuple(candidate.sandbox["applied"]), missing=tuple(candidate.sandbox["missing"])
        )
        if settings.sandbox == "require" and sandbox.missing:
            raise InfrastructureError(
                f"evaluation.sandbox is require, but this host does not permit: {', '.join(sandbox.missing)}."
                " `kbwf doctor` says how to get it, or set evaluation.sandbox: auto"
            )
        finding = Finding(EvalStatus.PASSED, sandbox=sandbox)
        plan = PLANS[settings.mode]
        errors: list[float | None] = []
        phase = "compile"
        try:
            self._ask(candidate, bench.program(kernel_source, "ModelNew"), EvalStatus.COMPILE_ERROR)
            clock.lap(phase)
            phase = "check"
            for _ in range(plan.num_correct_trials):
                errors.append(self._check(bench, candidate, {"do": "check"}))
            clock.lap(phase)
            phase = "time"
            finding.timing = self._time(bench, candidate, settings)
            clock.lap(phase)
        except _Failed as failure:
            finding.status, finding.message, finding.trace = failure.status, failure.message, failure.trace
            clock.lap(phase)
        if finding.status not in (EvalStatus.COMPILE_ERROR, EvalStatus.NO_KERNEL):
            known = [error for error in errors if error is not None]
            finding.official = Verdict(
                is_correct=len(errors) == plan.num_correct_trials,
                num_trials=plan.num_correct_trials,
                num_trials_correct=len(errors),
                max_abs_error=max(known) if known else None,
                tolerance=tolerance_of(bench.expected_dtype),
            )
        return finding

    def _check(self, bench: Bench, candidate: Runner, request: dict[str, Any]) -> float | None:
        """One trial with fresh secret inputs. Returns the largest absolute error; a wrong result is the end."""
        seed = secrets.randbits(62)
        expected = bench.fill(seed)
        bench.accompany(request)
        claim = self._ask(candidate, request, EvalStatus.RUNTIME_ERROR)
        self._compare(bench, claim, expected, seed)
        return max_abs_error(bench.output, expected)

    def _compare(self, bench: Bench, claim: dict[str, Any], expected: torch.Tensor, seed: int) -> None:
        ruled_out = judge_claim(claim, expected, bench.may_alias)
        if ruled_out:
            raise _Failed(*ruled_out)
        if not is_close(bench.output, expected):
            error = max_abs_error(bench.output, expected)
            size = f"max abs error {error:.3g}" if error is not None else "NaN or infinite where the reference is not"
            raise _Failed(EvalStatus.WRONG_VALUES, f"{size}, tolerance {tolerance_of(expected.dtype):g}")
        if not same_values(bench.inputs, bench.draw(seed)):
            raise _Failed(EvalStatus.INPUT_CHANGED, "an input was changed in place")

    def _time(self, bench: Bench, candidate: Runner, settings: EvaluationSettings) -> Timing:
        plan = PLANS[settings.mode]
        warmup = {"do": "time", "num_calls": _NUM_WARMUP_CALLS}
        bench.ask_reference(warmup)
        self._ask(candidate, warmup, EvalStatus.RUNTIME_ERROR)
        # Work that is hidden from the claimed times is hidden every time; a busy machine looks like it once.
        for _ in range(_NUM_TIMING_ATTEMPTS):
            blocks = self._time_blocks(bench, candidate, settings, plan)
            doubt = measurement.audit(blocks)
            if not doubt:
                return measurement.summarize(blocks)
        raise _Failed(EvalStatus.FLAGGED, doubt)

    def _time_blocks(
        self, bench: Bench, candidate: Runner, settings: EvaluationSettings, plan: measurement.Plan
    ) -> list[Block]:
        blocks: list[Block] = []
        started_s = time.monotonic()
        while measurement.wants_another_block(
            blocks, plan, settings.target_interval_frac, settings.budget_s, time.monotonic() - started_s
        ):
            blocks.append(self._time_block(bench, candidate, plan.num_calls, candidate_first=len(blocks) % 2 == 1))
        return blocks

    def _time_block(self, bench: Bench, candidate: Runner, num_calls: int, candidate_first: bool) -> Block:
        """Both programs on the same new input values, in alternating order; the kernel's last output is checked."""
        seed = secrets.randbits(62)
        expected = bench.fill(seed)
        request = {"do": "time", "num_calls": num_calls}
        if not candidate_first:
            ref_reply, ref_wall_ms = bench.ask_reference(request)
        started_s = time.perf_counter()
        reply = self._ask(candidate, request, EvalStatus.RUNTIME_ERROR)
        wall_ms = (time.perf_counter() - started_s) * 1e3
        self._compare(bench, reply, expected, seed)
        if candidate_first:
            ref_reply, ref_wall_ms = bench.ask_reference(request)
        times_ms = reply.get("times_ms")
        if not (isinstance(times_ms, list) and len(times_ms) == num_calls and all(map(_is_time, times_ms))):
            raise _Failed(EvalStatus.FLAGGED, f"claimed times are no {num_calls} positive numbers")
        return Block(tuple(ref_reply["times_ms"]), tuple(times_ms), ref_wall_ms, wall_ms)

    def _ask(self, candidate: Runner, request: dict[str, Any], on_failure: EvalStatus) -> dict[str, Any]:
        try:
            reply = candidate.ask(request)
        except TimeoutError as error:
            raise _Failed(EvalStatus.TIMEOUT, "no answer within evaluation.timeout_s", candidate.end()[1]) from error
        except Closed as error:
            code, output = candidate.end(grace_s=1.0)
            how = f"signal {code - 128}" if code > 128 else f"exit code {code}"
            raise _Failed(EvalStatus.CRASHED, f"the kernel's process ended by itself: {how}", output) from error
        except ProtocolError as error:
            raise _Failed(EvalStatus.FLAGGED, f"the kernel's process sent what is no message: {error}") from error
        if "failed" in reply:
            raise _Failed(on_failure, str(reply["failed"])[:500], str(reply.get("trace", ""))[:4000])
        return reply


def _plain(text: str) -> str:
    """What a kernel says may hold half characters, which no file can."""
    return text.encode(errors="replace").decode()


def _is_time(value: object) -> bool:
    return isinstance(value, float) and 0 < value < 1e9


class _PhaseClock:
    """Seconds by phase, in the order of the laps."""

    def __init__(self) -> None:
        self._seconds_s: dict[str, float] = defaultdict(float)
        self._last_s = time.monotonic()

    def lap(self, phase: str) -> None:
        now_s = time.monotonic()
        self._seconds_s[phase] += now_s - self._last_s
        self._last_s = now_s

    @property
    def seconds_s(self) -> dict[str, float]:
        return {phase: round(seconds, 4) for phase, seconds in self._seconds_s.items()}
