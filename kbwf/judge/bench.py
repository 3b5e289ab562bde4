"""What belongs to one task and stays warm between its kernels: reference, buffers, the reference's own runner."""

import math
import time
from typing import Any

import torch

from kbwf.errors import InfrastructureError, TaskError
from kbwf.records import Task
from kbwf.sandbox.buffers import Shared
from kbwf.sandbox.channel import Closed, ProtocolError, receive, send
from kbwf.sandbox.launcher import Process, Zygote
from kbwf.sandbox.problem import build_model, draw_inputs, load_module
from kbwf.settings import EvaluationSettings


class Runner:
    """The judge's end of a runner, with a deadline for everything it does."""

    def __init__(self, zygote: Zygote, process: Process, deadline_s: float) -> None:
        self.sandbox: dict[str, list[str]] = {}
        self._zygote, self._process = zygote, process
        self._deadline_s = deadline_s
        self._ended: tuple[int, str] | None = None

    def open(self, opening: dict[str, Any], descriptors: list[int]) -> None:
        """Hand the buffers over and wait until the sandbox is closed. Until then only trusted code runs.

        Raises:
            InfrastructureError: the runner could not start.
        """
        try:
            send(self._process.connection, opening, descriptors)
            self.sandbox = receive(self._process.connection, time.monotonic() + 60)[0]["sandbox"]
        except (Closed, TimeoutError, ProtocolError) as error:
            raise InfrastructureError(f"a runner did not start; its output ends:\n{self.end()[1]}") from error

    def ask(self, request: dict[str, Any]) -> dict[str, Any]:
        """Send a request and wait for its answer.

        Raises:
            TimeoutError, Closed, ProtocolError: as in `protocol.receive`.
        """
        send(self._process.connection, request)
        return receive(self._process.connection, self._deadline_s)[0]

    def end(self, grace_s: float = 0.0) -> tuple[int, str]:
        """Kill it, once; exit code and the end of its output."""
        if self._ended is None:
            self._ended = self._zygote.end(self._process, grace_s)
        return self._ended


class Bench:
    """One task, ready to judge kernels against."""

    def __init__(self, zygote: Zygote, device: torch.device, task: Task, settings: EvaluationSettings) -> None:
        self._zygote, self._device, self._task = zygote, device, task
        self._key = _key(task, settings)
        self._settings = settings
        if device.type == "cpu":
            torch.set_num_threads(settings.num_threads)
        self._shared: list[Shared] = []
        try:
            self._module = load_module(task.reference_source, "reference")
            self._model = build_model(self._module, "Model", self._module, device)
            drawn = draw_inputs(self._module, 0, device)
            with torch.no_grad():
                expected = self._model(*drawn)
        except Exception as error:
            raise TaskError(f"{task.task_id} {task.name}: the reference does not run on {device}: {error}") from error
        if type(expected) is not torch.Tensor:
            raise TaskError(f"{task.task_id} {task.name}: the reference returns a {type(expected).__name__}, no tensor")
        self.expected_dtype = expected.dtype
        self.may_alias = any(
            _storage(value) == _storage(expected) for value in drawn if isinstance(value, torch.Tensor)
        )
        self.inputs: list[Any] = [
            self._share(value).tensor if isinstance(value, torch.Tensor) else value for value in drawn
        ]
        num_inputs = len(self._shared)
        self.output = self._share(expected).tensor
        self._ref_output = self._share(expected)
        slots: list[dict[str, Any]] = []
        for value in drawn:
            numbered = sum("buffer" in slot for slot in slots)
            slots.append({"buffer": numbered} if isinstance(value, torch.Tensor) else {"value": value})
        self._slots, self._num_inputs = slots, num_inputs
        del drawn, expected
        self._reference = self._start_reference()
        self._has_fresh_reference = True

    def fits(self, task: Task, settings: EvaluationSettings) -> bool:
        """Whether this bench was set up for that task under those settings."""
        return self._key == _key(task, settings)

    def start_runner(self, timeout_s: float) -> Runner:
        """A fresh candidate process with the inputs' and the output's buffer open and the sandbox closed.

        On the CPU the reference gets a fresh process too, and `accompany` has it do what the candidate does, so that
        both have the same history of allocations. On a GPU that matters little, and a context costs 0.2 s.
        """
        if self._device.type == "cpu" and not self._has_fresh_reference:
            self._reference.end()
            self._reference = self._start_reference()
        self._has_fresh_reference = False
        return self._start(self._shared[self._num_inputs], timeout_s)

    def program(self, source: str, class_name: str) -> dict[str, Any]:
        """What a runner is asked to load."""
        return {"source": source, "class_name": class_name, "reference_source": self._task.reference_source}

    def draw(self, seed: int) -> list[Any]:
        """The inputs of a seed, in memory of the judge's own."""
        return draw_inputs(self._module, seed, self._device)

    def fill(self, seed: int) -> torch.Tensor:
        """Put a seed's inputs into the shared buffers and poison the output's; returns the expected output.

        The expected output is computed before the candidate sees the inputs, from a copy it cannot reach.
        """
        drawn = self.draw(seed)
        for buffer, value in zip(self.inputs, drawn, strict=True):
            if isinstance(value, torch.Tensor):
                buffer.copy_(value)
        for output in (self.output, self._ref_output.tensor):
            output.fill_(math.nan if output.is_floating_point() else -1)
        with torch.no_grad():
            expected: torch.Tensor = self._model(*drawn)
        if self._device.type == "cuda":
            torch.cuda.synchronize(self._device)
        return expected

    def ask_reference(self, request: dict[str, Any]) -> tuple[dict[str, Any], float]:
        """The reference's own runner does the same as the candidate; its answer, and milliseconds on the judge's clock.

        Raises:
            InfrastructureError: it failed, which no kernel is to blame for.
        """
        started_s = time.perf_counter()
        try:
            reply = self._reference.ask(request)
        except (Closed, TimeoutError, ProtocolError) as error:
            raise InfrastructureError(f"{self._task.task_id}: the reference's process is gone") from error
        if "failed" in reply:
            raise InfrastructureError(f"{self._task.task_id}: the reference failed: {reply['failed']}")
        return reply, (time.perf_counter() - started_s) * 1e3

    def accompany(self, request: dict[str, Any]) -> None:
        """On the CPU, have the reference's process do what the candidate is asked to."""
        if self._device.type == "cpu":
            self.ask_reference(request)

    def close(self) -> None:
        """End the reference's runner and give the memory back."""
        self._reference.end()
        self.inputs = []
        del self.output
        for shared in self._shared:
            shared.close()
        if self._device.type == "cuda":
            torch.cuda.empty_cache()

    def _share(self, example: torch.Tensor) -> Shared:
        self._shared.append(Shared(example))
        return self._shared[-1]

    def _start_reference(self) -> Runner:
        reference = self._start(self._ref_output, math.inf)
        reply = reference.ask(self.program(self._task.reference_source, "Model"))
        if "failed" in reply:
            raise TaskError(f"{self._task.task_id}: the reference does not run in a sandbox: {reply['failed']}")
        return reference

    def _start(self, output: Shared, timeout_s: float) -> Runner:
        process = self._zygote.start(str(self._device), self._settings.num_threads, self._settings.max_memory_gb)
        runner = Runner(self._zygote, process, time.monotonic() + min(timeout_s, 1e9))
        buffers = [*self._shared[: self._num_inputs], output]
        opening = {"buffers": [shared.fields for shared in buffers], "slots": self._slots, "output": self._num_inputs}
        runner.open(opening, [descriptor for shared in buffers for descriptor in shared.descriptors])
        return runner


def probe_sandbox(zygote: Zygote, device: str) -> dict[str, list[str]]:
    """What of the sandbox this host permits: `applied` and `missing`."""
    runner = Runner(zygote, zygote.start(device, num_threads=1, max_memory_gb=4), deadline_s=0)
    output = Shared(torch.zeros(1, device=device))
    runner.open({"buffers": [output.fields], "slots": [], "output": 0}, output.descriptors)
    runner.end()
    output.close()
    return runner.sandbox


def _key(task: Task, settings: EvaluationSettings) -> tuple[object, ...]:
    return task.reference_sha256, settings.num_threads, settings.max_memory_gb


def _storage(tensor: torch.Tensor) -> int:
    return tensor.untyped_storage().data_ptr()
