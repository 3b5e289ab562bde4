"""What belongs to one task and stays warm between its kernels: buffers, and the reference's own runner."""

import secrets
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from typing import Any

import torch

from kbwf.errors import InfrastructureError, TaskError
from kbwf.judge.clock import Clock
from kbwf.judge.describing import describe_task, load_message, too_large
from kbwf.judge.draws import Draws
from kbwf.judge.inputs import fingerprint
from kbwf.judge.memory import arena_bytes, num_slots_of
from kbwf.judge.processes import Launcher, RunnerProcess
from kbwf.judge.results import ArenaResults, Claims, ProcessResults, Results
from kbwf.judge.secret import CHOICE
from kbwf.records import Task
from kbwf.sandbox import messages
from kbwf.sandbox.buffers import Ring
from kbwf.sandbox.channel import Closed, ProtocolError
from kbwf.sandbox.messages import (
    Buffer,
    Capture,
    Description,
    Done,
    Failed,
    Load,
    Loaded,
    Misfit,
    Open,
    Run,
)
from kbwf.sandbox.structure import unflatten
from kbwf.settings import EvaluationSettings
from kbwf.verdict.variations import Draw, vary_inputs


class Unfit(Exception):
    """On the inputs of this call the reference failed, or gave a result of another shape than it was described with."""

    def __init__(self, call: int, reason: str) -> None:
        super().__init__(reason)
        self.call = call


@dataclass(frozen=True)
class _Pair:
    """A candidate's process and its reference's, of one age."""

    candidate: RunnerProcess
    reference: RunnerProcess
    reference_arena: int
    """Where memory lies can make a call some percent longer, always the same way: chance gives it to either."""
    weights_seed: int
    """Of the parameters of `Model` and `ModelNew` alike; a new one for each kernel, so that none knows them."""

    @property
    def processes(self) -> tuple[RunnerProcess, RunnerProcess]:
        return self.candidate, self.reference


class Bench:
    """One task, ready to judge kernels against.

    The inputs' slots are shared by the reference and the candidate in turn; the results are each one's own, so that
    nobody but the judge sees the expected ones.
    """

    def __init__(
        self,
        launcher: Launcher,
        device: torch.device,
        task: Task,
        settings: EvaluationSettings,
        description: Description | None = None,
    ) -> None:
        """Describe the task in a runner of its own, and make the buffers.

        Args:
            description: of the task under these settings, if it is known already.

        Raises:
            TaskError: the task cannot be judged; the message says why.
            InfrastructureError: a process did not start.
        """
        self.task, self._settings = task, settings
        self._launcher, self._device = launcher, device
        self._key = key_of(task, settings)
        self.description = description or describe_task(launcher, device, task, settings)
        self._exit = ExitStack()
        with ExitStack() as stack:
            self.num_slots = num_slots_of(self.description, device)
            try:
                self.inputs = [self._ring(layout, self.num_slots, stack) for layout in self.description.inputs]
                self._arenas: list[Ring | None] = [self._arena(stack), self._arena(stack)]
            except torch.OutOfMemoryError as error:
                raise too_large(task, settings, device, str(error)) from error
            self._draws = Draws(task, self.description.arguments, device)
            self._pair: _Pair | None = None
            """Of the kernel that is judged, until its reference is released."""
            self._claims: Claims = []
            """Where the reference's last timed results lie."""
            self._exit = stack.pop_all()
        self._next: _Pair | None = None

    def fits(self, task: Task, settings: EvaluationSettings) -> bool:
        """Whether this bench was set up for that task under those settings."""
        return self._key == key_of(task, settings)

    def take_candidate(self, settings: EvaluationSettings) -> RunnerProcess:
        """A fresh candidate process, and a fresh reference to hold it against.

        Both are of one age: a process that has lived longer answers faster, by a tenth of a millisecond on a GPU, and
        on a CPU gets its memory faster, by up to a tenth of a call.

        Args:
            settings: the candidate's; they may differ in what the bench does not depend on, its limits of time.

        Raises:
            InfrastructureError: one of the two did not start.
        """
        self._settings = settings
        self.wait_for_next()
        self._next = pair = self._next or self._start_pair()
        candidate, reference = pair.processes
        candidate.limit_s = settings.timeout_s
        candidate.wait_until_ready()
        reference.wait_until_ready()
        self._expected = self._results_of(reference, pair.reference_arena)
        self._pair, self._claims = pair, []
        with self._asking():
            self._accept(reference.ask(self.load_of(None), Loaded))
            reference.freeze()
        self._next = None  # only now: had it failed, `close` would have to end both
        return candidate

    def results_of(self, candidate: RunnerProcess) -> Results:
        """Reads what a candidate puts out. Asked for before the kernel's source is sent."""
        assert self._pair is not None, "the candidate is one of a pair"
        return self._results_of(candidate, 1 - self._pair.reference_arena)

    def release_reference(self) -> list[RunnerProcess]:
        """The reference that the last candidate was held against, for whom it concerns to end; at most one."""
        released = [self._pair.reference] if self._pair is not None else []
        self._pair = None
        return released

    def prepare_candidate(self) -> None:
        """Start the next candidate, without waiting for it: whoever comes next finds it ready."""
        if self._next is None:
            self._next = self._start_pair()

    def wait_for_next(self) -> None:
        """Until a candidate that was prepared stands still, so that nothing of it falls into another's time.

        It may not have started, or not live any more, if the present one took what memory there is: then the next is
        started anew.
        """
        if self._next is not None:
            try:
                for process in self._next.processes:
                    process.wait_until_ready()
            except InfrastructureError:
                self._end_next()

    def load_of(self, kernel_source: str | None) -> Load:
        """What a candidate is asked to load; None is the reference itself."""
        assert self._pair is not None, "there is a candidate, whose weights are the reference's"
        seed, may_use_tf32 = self._pair.weights_seed, self.description.may_use_tf32
        return load_message(self.task, seed, kernel_source, may_use_tf32=may_use_tf32)

    def draw(self, slots: list[int], seeds: list[int], *, is_official: bool) -> list[list[Any]] | None:
        """New inputs in these slots; returns their values that are no tensors, None where there are none."""
        draw = self._draws.official if is_official else self._draws.quick
        values = draw(self.inputs, slots, seeds)
        return values if self.description.values else None

    def try_inputs(self) -> None:
        """Draw twice under one seed and once under another, before anything is sampled for the task.

        Raises:
            TaskError: they come out otherwise the second time, or have another structure, shape or type.
        """
        seed, other = secrets.randbits(31), secrets.randbits(31)
        found = []
        for _ in range(2):
            values = self.draw([0], [seed], is_official=True)
            found.append((values, [fingerprint(ring, [0]) for ring in self.inputs]))
        if found[0] != found[1]:
            raise TaskError(
                f"{self.task.task_id} {self.task.name}: get_inputs returns other values under the same seed, of the"
                " clock or a counter perhaps; draw from the generators of torch, NumPy or random, or leave the task out"
            )
        self.draw([0], [other], is_official=True)

    def vary(self, slot: int, draw: Draw, seed: int, values: list[Any]) -> None:
        """Make of a slot's official inputs others that the task admits (`verdict.variations`)."""
        tensors = (ring.tensors[slot] for ring in self.inputs)
        inputs = unflatten(self.description.arguments, tensors, iter(values))
        vary_inputs(inputs, draw, self.description.yardstick.admits, seed)

    def settle(self) -> None:
        """Wait until the inputs are written: another process's stream does not."""
        if self._device.type == "cuda":
            torch.cuda.synchronize(self._device)

    def spoil(self, slots: list[int]) -> None:
        """Write over the inputs of these slots, which nobody needs any more, before results are compared.

        On the CPU a candidate might say that its result lies in an input, which it did nothing for.
        """
        if self._device.type == "cpu":
            for ring in self.inputs:
                ring.memory.view(self.num_slots, -1)[slots] = 0xA5

    def run_reference(self, slots: list[int], values: list[list[Any]] | None) -> Claims:
        """Have the reference compute the expected results of these slots; returns where they lie.

        Raises:
            Unfit: the reference cannot take these inputs, which no kernel is to blame for.
            InfrastructureError: the reference is gone.
        """
        with self._asking() as reference:
            answer = reference.ask_frozen(messages.encode(Run(slots=slots, values=values)), Done, Misfit)
            reference.freeze()
        if isinstance(answer, Failed | Misfit):
            raise Unfit(answer.num_done, _reason(answer))
        claims: Claims = answer.results
        return claims

    def time_reference(self, clock: Clock, request: Run) -> tuple[float, Claims]:
        """Milliseconds of a request of the reference, frozen before and after like a candidate, and its results.

        With an empty request, as many of its last results are read as with the request that they are of, so that what
        that costs is known too.

        Raises:
            InfrastructureError: the reference is gone or failed, which no kernel is to blame for.
        """
        with self._asking() as reference:
            took_ms, answer, _, _ = clock.time(
                reference, request, self._expected, self.description.outputs, self._claims
            )
            self._accept(answer)
            assert isinstance(answer, Done), "anything else was not accepted"
        self._claims = answer.results or self._claims
        return took_ms, answer.results

    @property
    def has_graphs(self) -> bool:
        """Whether calls can be captured here, and their arguments are tensors alone."""
        return self._device.type == "cuda" and not self.description.values

    def capture_reference(self, slots: list[int]) -> bool:
        """Have the reference capture a call for each slot as one CUDA graph; whether it could."""
        with self._asking() as reference:
            answer = reference.ask_frozen(messages.encode(Capture(slots=slots)), Done)
            reference.freeze()
        return isinstance(answer, Done)

    def expected(self, claims: Claims, call: int) -> list[torch.Tensor]:
        """The expected result of a call, until the reference is asked again.

        Raises:
            InfrastructureError: the reference is gone, and its memory with it.
        """
        pairs = zip(claims[call], self.description.outputs, strict=True)
        with self._asking():
            return [self._expected.tensor(claim, layout) for claim, layout in pairs]

    def close(self) -> None:
        """End all runners and give the memory back."""
        self._end_next()
        for process in self.release_reference():
            process.end()
        self._exit.close()
        if self._device.type == "cuda":
            torch.cuda.empty_cache()

    def _start_pair(self) -> _Pair:
        arena = CHOICE.randrange(2)
        reference = self._start(self._arenas[arena], self._settings.reference_timeout_s)
        candidate = self._start(self._arenas[1 - arena], 0.0)
        return _Pair(candidate, reference, arena, secrets.randbits(62))

    def _end_next(self) -> None:
        if self._next is not None:
            for process in self._next.processes:
                process.end()
            self._next = None

    def _results_of(self, runner: RunnerProcess, position: int) -> Results:
        arena = self._arenas[position]
        if arena is not None:
            return ArenaResults(arena, self.description.outputs)
        assert runner.memory_descriptor is not None, "on the CPU a runner hands it over when it is ready"
        return ProcessResults(runner.memory_descriptor, self.description.outputs)

    def _ring(self, layout: Buffer, num_slots: int, stack: ExitStack) -> Ring:
        ring = Ring(layout, num_slots, self._device)
        stack.callback(ring.close)
        return ring

    def _arena(self, stack: ExitStack) -> Ring | None:
        if self._device.type == "cpu":
            return None
        num_bytes = arena_bytes(self.description, self.num_slots)
        layout = Buffer(shape=[num_bytes], stride=[1], dtype="uint8", num_slots=1, slot_bytes=num_bytes)
        return self._ring(layout, 1, stack)

    def _start(self, arena: Ring | None, limit_s: float) -> RunnerProcess:
        settings = self._settings
        runner = self._launcher.start(str(self._device), settings.num_threads, settings.max_memory_gb)
        runner.limit_s = limit_s
        opening = Open(
            inputs=[ring.layout for ring in self.inputs],
            num_slots=self.num_slots,
            arena=arena.layout if arena is not None else None,
            outputs=self.description.outputs,
            arguments=self.description.arguments,
            result=self.description.result,
            may_alias=self.description.aliases,
        )
        runner.open(opening, [descriptor for ring in self.inputs for descriptor in ring.descriptors])
        return runner

    @contextmanager
    def _asking(self) -> Iterator[RunnerProcess]:
        assert self._pair is not None, "there is a candidate"
        self._pair.reference.limit_s = self._settings.reference_timeout_s
        try:
            yield self._pair.reference
        except (Closed, TimeoutError, ProtocolError) as error:
            raise InfrastructureError(f"{self.task.task_id}: the reference's process is gone") from error

    def _accept(self, answer: Any) -> None:
        if isinstance(answer, Failed | Misfit):
            raise InfrastructureError(f"{self.task.task_id}: {_reason(answer)}")


def key_of(task: Task, settings: EvaluationSettings) -> tuple[object, ...]:
    """What a task's description depends on, and a bench with it."""
    return task.reference_sha256, task.admits, settings.num_threads, settings.max_memory_gb, task.module_mode


def _reason(answer: Failed | Misfit) -> str:
    if isinstance(answer, Failed):
        return f"the reference failed: {answer.error}"
    return f"the reference returned {answer.found}, {answer.expected} when it was described"
