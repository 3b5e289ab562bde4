"""What belongs to one task and stays warm between its kernels: buffers, and the processes of the next kernel."""

import secrets
from contextlib import ExitStack, closing
from dataclasses import dataclass
from functools import partial

import torch

from kbwf.errors import InfrastructureError
from kbwf.judge.candidate import Candidate
from kbwf.judge.clock import Clock
from kbwf.judge.describing import describe_task, load_message, too_large
from kbwf.judge.memory import arena_bytes, num_slots_of
from kbwf.judge.processes import Launcher, RunnerProcess
from kbwf.judge.reference import Reference
from kbwf.judge.results import ArenaResults, ProcessResults, Results
from kbwf.judge.secret import CHOICE
from kbwf.judge.slots import InputSlots
from kbwf.records import Task
from kbwf.sandbox.buffers import Ring
from kbwf.sandbox.messages import Buffer, Description, Open
from kbwf.settings import EvaluationSettings


@dataclass(frozen=True)
class _Pair:
    """Processes of a candidate and of its reference, of one age, before either has loaded anything."""

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
        num_slots = num_slots_of(self.description, device)
        with ExitStack() as stack:
            try:
                self.inputs = stack.enter_context(closing(InputSlots(task, self.description, num_slots, device)))
                self._arenas = [self._arena(num_slots, stack) for _ in range(2)]
            except torch.OutOfMemoryError as error:
                raise too_large(task, settings, device, str(error)) from error
            self._exit = stack.pop_all()
        self._next: _Pair | None = None

    def fits(self, task: Task, settings: EvaluationSettings) -> bool:
        """Whether this bench was set up for that task under those settings."""
        return self._key == key_of(task, settings)

    @property
    def has_graphs(self) -> bool:
        """Whether calls can be captured here, and their arguments are tensors alone."""
        return self._device.type == "cuda" and not self.description.values

    def take_pair(self, settings: EvaluationSettings, clock: Clock) -> tuple[Candidate, Reference]:
        """A fresh candidate that has loaded nothing yet, and a fresh reference, loaded, to hold it against.

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
        for process in pair.processes:
            process.wait_until_ready()
        outputs, may_use_tf32 = self.description.outputs, self.description.may_use_tf32
        load_of = partial(load_message, self.task, pair.weights_seed, may_use_tf32=may_use_tf32)
        expected = self._results_of(pair.reference, pair.reference_arena)
        limit_s = settings.reference_timeout_s
        reference = Reference(pair.reference, expected, outputs, clock, self.task.task_id, limit_s)
        reference.load(load_of(None))
        pair.candidate.limit_s = settings.timeout_s
        results = self._results_of(pair.candidate, 1 - pair.reference_arena)
        candidate = Candidate(pair.candidate, results, outputs, clock, load_of)
        self._next = None  # only now: had anything failed, `close` would have to end both
        return candidate, reference

    def prepare_pair(self) -> None:
        """Start the next candidate and its reference, without waiting for them: whoever comes next finds them ready."""
        if self._next is None:
            self._next = self._start_pair()

    def wait_for_next(self) -> None:
        """Until a pair that was prepared stands still, so that nothing of it falls into another's time.

        It may not have started, or not live any more, if the present one took what memory there is: then the next is
        started anew.
        """
        if self._next is not None:
            try:
                for process in self._next.processes:
                    process.wait_until_ready()
            except InfrastructureError:
                self._end_next()

    def close(self) -> None:
        """End the next pair, if there is one, and give the memory back."""
        self._end_next()
        self._exit.close()
        if self._device.type == "cuda":
            torch.cuda.empty_cache()

    def _end_next(self) -> None:
        if self._next is not None:
            for process in self._next.processes:
                process.end()
            self._next = None

    def _start_pair(self) -> _Pair:
        arena = CHOICE.randrange(2)
        reference = self._start(self._arenas[arena])
        candidate = self._start(self._arenas[1 - arena])
        return _Pair(candidate, reference, arena, secrets.randbits(62))

    def _start(self, arena: Ring | None) -> RunnerProcess:
        settings, rings = self._settings, self.inputs.rings
        runner = self._launcher.start(str(self._device), settings.num_threads, settings.max_memory_gb)
        opening = Open(
            inputs=[ring.layout for ring in rings],
            num_slots=self.inputs.num_slots,
            arena=arena.layout if arena is not None else None,
            outputs=self.description.outputs,
            arguments=self.description.arguments,
            result=self.description.result,
            may_alias=self.description.aliases,
        )
        runner.open(opening, [descriptor for ring in rings for descriptor in ring.descriptors])
        return runner

    def _results_of(self, runner: RunnerProcess, position: int) -> Results:
        arena = self._arenas[position]
        if arena is not None:
            return ArenaResults(arena, self.description.outputs)
        assert runner.memory_descriptor is not None, "on the CPU a runner hands it over when it is ready"
        return ProcessResults(runner.memory_descriptor, self.description.outputs)

    def _arena(self, num_slots: int, stack: ExitStack) -> Ring | None:
        if self._device.type == "cpu":
            return None
        num_bytes = arena_bytes(self.description, num_slots)
        layout = Buffer(shape=[num_bytes], stride=[1], dtype="uint8", num_slots=1, slot_bytes=num_bytes)
        return stack.enter_context(closing(Ring(layout, 1, self._device)))


def key_of(task: Task, settings: EvaluationSettings) -> tuple[object, ...]:
    """What a task's description depends on, and a bench with it."""
    return task.reference_sha256, task.admits, settings.num_threads, settings.max_memory_gb, task.module_mode
