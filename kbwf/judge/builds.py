"""What a kernel's compilers make: made once, on all of the worker's cores and without the device.

A kernel that brings C++ or CUDA compiles when it is loaded, for half a minute and more. Its processes on the device are
held to the cores that it is judged with, and there are several of them. So it is compiled in a sandbox of its own
before, in which no GPU is to be seen; its later processes find what was made in their scratch folder.
"""

import fcntl
import os
from collections import OrderedDict
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass

import torch

from kbwf.judge.processes import Launcher
from kbwf.records import EvalStatus, SandboxReport, Task
from kbwf.records.base import sha256_of
from kbwf.sandbox.archive import MAX_ARCHIVE_BYTES
from kbwf.sandbox.channel import Closed, ProtocolError
from kbwf.sandbox.messages import Build, Failed, Loaded, Open
from kbwf.sandbox.runner import cuda_arch_of
from kbwf.settings import EvaluationSettings

_MARK = "cpp_extension"
"""In every source that has torch compile something; one that hides it compiles when it is loaded, on its own time."""
_COMPILER_S_FAILURE = "RuntimeError: Error building extension"
_MAX_KEPT = 8
_BLOCK_BYTES = 512  # of stat(2)


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
    """Compiles kernels, and keeps what was made of the last few."""

    def __init__(self, launcher: Launcher, device: torch.device) -> None:
        """For kernels of this device."""
        self._launcher, self._device = launcher, device
        self._kept: OrderedDict[str, Built] = OrderedDict()

    def of(self, task: Task, kernel_source: str | None, settings: EvaluationSettings) -> Built | None:
        """What its compilers make of a kernel; None if it has nothing to compile.

        Raises:
            InfrastructureError: a process did not start.
        """
        if kernel_source is None or _MARK not in kernel_source:
            return None
        key = sha256_of(f"{task.reference_sha256} {sha256_of(kernel_source)} {settings.max_memory_gb}")
        if key not in self._kept:
            built = self._build(task, kernel_source, settings)
            if built.failure is not None:
                return built  # a machine that was busy may be less so the next time
            self._kept[key] = built
            while len(self._kept) > _MAX_KEPT:
                self._kept.popitem(last=False)
        self._kept.move_to_end(key)
        return self._kept[key]

    def _build(self, task: Task, kernel_source: str, settings: EvaluationSettings) -> Built:
        cores = len(os.sched_getaffinity(0))
        runner = self._launcher.start("cpu", cores, settings.max_memory_gb)
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
