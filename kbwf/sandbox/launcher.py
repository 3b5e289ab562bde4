"""A process that has imported torch and never touched the GPU: it forks a fresh runner in milliseconds."""

import ctypes
import os
import signal
import socket
import time
import traceback
from dataclasses import dataclass
from typing import Any

from kbwf.errors import InfrastructureError
from kbwf.sandbox import guard, namespaces, runner
from kbwf.sandbox.channel import Closed, receive, send

_END_LIMIT_S = 5.0
_M_MMAP_THRESHOLD = -3


@dataclass(frozen=True)
class Process:
    """A runner: its guard's pid, the judge's end of its connection, and the file its output goes to."""

    pid: int
    connection: socket.socket
    log_descriptor: int


class Zygote:
    """The judge's handle on the zygote process. Make it before anything touches CUDA or starts a thread."""

    def __init__(self) -> None:
        _steady_allocator()
        ours, theirs = socket.socketpair()
        self._hidden, self._kept = guard.paths_of_this_process()
        pid = os.fork()
        if pid == 0:
            try:
                ours.close()
                namespaces.signal_on_parents_death(signal.SIGKILL)
                _serve(theirs)
            finally:
                os._exit(0)  # a fork must never return into its parent's program
        theirs.close()
        self._connection = ours

    def start(self, device: str, num_threads: int, max_memory_gb: float) -> Process:
        """Fork a runner for this device; it waits for the judge's buffers."""
        ours, theirs = socket.socketpair()
        log_descriptor = os.memfd_create("kbwf-output")
        settings = {
            "device": device, "num_threads": num_threads, "max_memory_gb": max_memory_gb,
            "hidden": self._hidden, "kept": self._kept, "sandbox": {"applied": [], "missing": []},
        }  # fmt: skip
        reply = self._ask({"start": settings}, [theirs.fileno(), log_descriptor])
        theirs.close()
        return Process(reply["pid"], ours, log_descriptor)

    def end(self, process: Process, grace_s: float = 0.0) -> tuple[int, str]:
        """Kill a runner with all it started. Returns its exit code (128 + n for signal n) and its output's end.

        Args:
            grace_s: how long a runner that hung up by itself may take to end, so that the code is its own.
        """
        code = self._ask({"end": process.pid, "grace_s": grace_s}, None)["code"]
        process.connection.close()
        size = os.lseek(process.log_descriptor, 0, os.SEEK_END)
        output = os.pread(process.log_descriptor, 4000, max(0, size - 4000)).decode(errors="replace")
        os.close(process.log_descriptor)
        return code, output

    def _ask(self, message: dict[str, Any], descriptors: list[int] | None) -> dict[str, Any]:
        try:
            send(self._connection, message, descriptors)
            return receive(self._connection)[0]
        except Closed as error:
            raise InfrastructureError("the zygote process is gone; the next job starts a new worker") from error


def _steady_allocator() -> None:
    """Give every large buffer pages of its own, here and in all forks.

    From glibc's heap, where a buffer comes to lie within a page depends on all earlier allocations, even on the length
    of a source text, and that made the same kernel on a CPU up to 1.6 times slower in one process than in the next.
    Fresh pages cost time, but the same time for everyone (docs/log.md).
    """
    mallopt = getattr(ctypes.CDLL(None), "mallopt", None)
    if mallopt is not None:
        mallopt(_M_MMAP_THRESHOLD, 1 << 16)


def _serve(connection: socket.socket) -> None:
    while True:
        try:
            request, descriptors = receive(connection, with_descriptors=True)
        except Closed:
            return
        if "start" in request:
            runner_descriptor, log_descriptor = descriptors
            pid = os.fork()
            if pid == 0:
                try:
                    _become_runner(request["start"], runner_descriptor, log_descriptor)
                finally:
                    os._exit(71)
            os.close(runner_descriptor)
            os.close(log_descriptor)
            send(connection, {"pid": pid})
        else:
            send(connection, {"code": _end(request["end"], request["grace_s"])})


def _become_runner(settings: dict[str, Any], runner_descriptor: int, log_descriptor: int) -> None:
    settings["log_descriptor"] = log_descriptor
    connection = socket.socket(fileno=runner_descriptor)
    try:
        guard.enter(
            lambda: runner.main(connection, log_descriptor, settings), settings, [runner_descriptor, log_descriptor]
        )
    except BaseException:
        os.write(log_descriptor, traceback.format_exc().encode())


def _end(pid: int, grace_s: float) -> int:
    """Let the guard end its runner; a guard that does not answer is killed itself."""
    for number, limit_s in ((None, grace_s), (signal.SIGTERM, _END_LIMIT_S), (signal.SIGKILL, _END_LIMIT_S)):
        if number is not None:
            os.kill(pid, number)
        deadline_s = time.monotonic() + limit_s
        while True:
            done, status = os.waitpid(pid, os.WNOHANG)
            if done:
                return os.waitstatus_to_exitcode(status)
            if time.monotonic() >= deadline_s:
                break
            time.sleep(0.001)
    return 128 + signal.SIGKILL
