"""What a kernel's compilers make: made once, without the device, and on a GPU's host while other kernels are judged.

A kernel that brings C++ or CUDA compiles when it is loaded, for half a minute and more. Its processes on the device are
held to the cores that it is judged with, and there are several of them. So it is compiled in a sandbox of its own
before, in which no GPU is to be seen; its later processes find what was made in their scratch folder.
"""

import fcntl
import os
import threading
from collections import OrderedDict
from collections.abc import Callable, Iterator
from concurrent.futures import Future
from contextlib import contextmanager
from dataclasses import dataclass

import torch

from kbwf.judge.processes import Launcher
from kbwf.records import EvalStatus, SandboxReport, Task
from kbwf.sandbox.archive import MAX_ARCHIVE_BYTES
from kbwf.sandbox.channel import Closed, ProtocolError
from kbwf.sandbox.messages import Build, Failed, Loaded, Open
from kbwf.sandbox.runner import cuda_arch_of
from kbwf.settings import EvaluationSettings

_MARK = "cpp_extension"
"""In every source that has torch compile something; one that hides it compiles when it is loaded, on its own time."""
_COMPILER_S_FAILURE = "RuntimeError: Error building extension"
_CORES_OF_ONE = 2
"""A C++ compiler's and nvcc's."""
_MAX_KEPT = 64
_MAX_KEPT_BYTES = 1 << 30
_BLOCK_BYTES = 512  # of stat(2)
_Key = tuple[str, str, float]
"""A task, a kernel's text, and the memory it may take."""


@dataclass(frozen=True)
class Built:
    """What came of compiling a kernel.

    Attributes:
        archive: what was made, if anything.
        failure: status, message and trace where that is a verdict already.
    """

    archive: bytes
    failure: tuple[EvalStatus, str, str] | None
    sandbox: SandboxReport


class Builds:
    """Compiles kernels, and keeps what was made of the last ones."""

    def __init__(self, launcher: Launcher, device: torch.device) -> None:
        """For kernels of this device.

        Args:
            launcher: used on the CPU, where nothing is compiled beside what is timed; a GPU's builds get one of their
                own, whose runners leave the last core to the kernel that is judged.
        """
        self._launcher, self._device = launcher, device
        self._own: Launcher | None = None
        self._started: OrderedDict[_Key, Future[Built]] = OrderedDict()
        cores = sorted(os.sched_getaffinity(0))
        self._cores = set(cores[:-1] or cores) if device.type == "cuda" else set(cores)
        self._places = threading.BoundedSemaphore(max(1, len(self._cores) // _CORES_OF_ONE))

    @property
    def has_cores_to_spare(self) -> bool:
        """On a GPU's host: what is timed there, and the judge's clock, shall not wait for what is compiled ahead."""
        return self._device.type == "cuda" and len(self._cores) > _CORES_OF_ONE

    def ahead(self, task: Task, kernel_source: str, settings: EvaluationSettings) -> None:
        """Begin to compile a kernel that will be judged before long; errors show when it is."""
        if self.has_cores_to_spare and must_build(kernel_source):
            self._begun(task, kernel_source, settings)

    def of(self, task: Task, kernel_source: str, settings: EvaluationSettings) -> Built:
        """What its compilers make of a kernel that has something to compile.

        Raises:
            InfrastructureError: a process did not start.
        """
        key = _key(task, kernel_source, settings)
        future = self._begun(task, kernel_source, settings)
        try:
            built = future.result()
        except BaseException:
            self._started.pop(key, None)
            raise
        if built.failure is not None:  # a machine that was busy may be less so the next time
            self._started.pop(key, None)
        self._forget()
        return built

    def close(self) -> None:
        """End what is being compiled."""
        self._started.clear()
        if self._own is not None:
            self._own.close()
            self._own = None

    def _begun(self, task: Task, kernel_source: str, settings: EvaluationSettings) -> Future[Built]:
        key = _key(task, kernel_source, settings)
        if key in self._started:
            self._started.move_to_end(key)
            return self._started[key]
        future: Future[Built] = Future()
        self._started[key] = future
        if self._device.type == "cpu":
            _settle(future, lambda: self._build(self._launcher, task, kernel_source, settings))
            return future
        if self._own is None:
            self._own = self._launcher.another(self._cores)
        launcher = self._own

        def work() -> None:
            with self._places:
                _settle(future, lambda: self._build(launcher, task, kernel_source, settings))

        # No pool: a worker that leaves does not wait for its threads.
        threading.Thread(target=work, daemon=True).start()
        return future

    def _forget(self) -> None:
        """The oldest, where they are too many or too large."""
        done = [key for key, future in self._started.items() if future.done() and future.exception() is None]
        sizes = {key: len(self._started[key].result().archive) for key in done}
        for key in done[:-1]:
            if len(sizes) <= _MAX_KEPT and sum(sizes.values()) <= _MAX_KEPT_BYTES:
                break
            del self._started[key], sizes[key]

    def _build(self, launcher: Launcher, task: Task, kernel_source: str, settings: EvaluationSettings) -> Built:
        runner = launcher.start("cpu", len(self._cores), settings.max_memory_gb)
        runner.limit_s = settings.compile_timeout_s
        request = Build(
            reference_source=task.reference_source,
            source=kernel_source,
            cuda_arch=cuda_arch_of(self._device) if self._device.type == "cuda" else None,
        )
        failure, is_whole = None, True
        with _memory_file() as file:
            os.ftruncate(file, MAX_ARCHIVE_BYTES)  # of which only what is written takes memory
            fcntl.fcntl(file, fcntl.F_ADD_SEALS, fcntl.F_SEAL_GROW | fcntl.F_SEAL_SHRINK)
            try:
                runner.open(Open(), [])
                runner.wait_until_ready()
                answer = runner.ask(request, Loaded, descriptors=[file])
                # Anything else may be for want of a GPU; where it is not, it fails again with one.
                if isinstance(answer, Failed) and answer.error.startswith(_COMPILER_S_FAILURE):
                    failure = EvalStatus.COMPILE_ERROR, answer.error, answer.trace
            except TimeoutError:
                failure = EvalStatus.TIMEOUT, "not compiled within evaluation.compile_timeout_s", runner.end()[1]
            except (Closed, ProtocolError):
                is_whole = False  # it will end where it is judged as well, and there it says how
            finally:
                runner.end()
            archive = os.pread(file, os.fstat(file).st_blocks * _BLOCK_BYTES, 0) if is_whole else b""
        ready = runner.sandbox
        return Built(archive, failure, SandboxReport(applied=tuple(ready.applied), missing=tuple(ready.missing)))


def must_build(kernel_source: str) -> bool:
    """Whether a source has torch compile something when it is loaded."""
    return _MARK in kernel_source


@contextmanager
def file_of(built: Built | None) -> Iterator[int | None]:
    """What was made as a file that nobody can change any more; None if nothing was."""
    if built is None or not built.archive:
        yield None
        return
    with _memory_file() as file:
        with os.fdopen(os.dup(file), "wb") as writing:
            writing.write(built.archive)
        fcntl.fcntl(file, fcntl.F_ADD_SEALS, fcntl.F_SEAL_WRITE | fcntl.F_SEAL_GROW | fcntl.F_SEAL_SHRINK)
        yield file


@contextmanager
def _memory_file() -> Iterator[int]:
    file = os.memfd_create("kbwf-build", os.MFD_CLOEXEC | os.MFD_ALLOW_SEALING)
    try:
        yield file
    finally:
        os.close(file)


def _settle(future: "Future[Built]", make: Callable[[], Built]) -> None:
    try:
        future.set_result(make())
    except BaseException as error:
        future.set_exception(error)


def _key(task: Task, kernel_source: str, settings: EvaluationSettings) -> _Key:
    return task.reference_sha256, kernel_source, settings.max_memory_gb
