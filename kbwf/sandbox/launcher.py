"""A program that has imported torch and never touched the GPU: it forks a fresh runner in milliseconds.

It is started with an environment of its own (`python -m kbwf.sandbox.launcher`), not forked from the judge: a fork of a
process that ever held a key carries it in its memory. It leaves when the judge's end of its connection closes.
"""

import ctypes
import os
import select
import signal
import socket
import sys
import time
import traceback

from kbwf.sandbox import guard, identity, messages, runner
from kbwf.sandbox.channel import Closed
from kbwf.sandbox.confinement import Confinement
from kbwf.sandbox.messages import End, Ended, Start, Started
from kbwf.sandbox.output import append_line

_END_LIMIT_S = 5.0
_FORK_LIMIT_S = 20.0
_M_MMAP_THRESHOLD = -3


def main(connection: socket.socket) -> None:
    """Serve the judge until it is gone."""
    _steady_allocator()
    while True:
        try:
            request, descriptors = messages.receive_with_descriptors(connection, Start, End)
        except Closed:
            return
        if isinstance(request, Start):
            own = os.pidfd_open(os.getpid())
            pid = _fork()
            if pid == 0:
                try:
                    _become_runner(request, descriptors, own)
                finally:
                    os._exit(71)  # a fork must never return into its parent's program
            for descriptor in (*descriptors, own):
                os.close(descriptor)
            messages.send(connection, Started(pid=pid))
        else:
            messages.send(connection, Ended(code=_end(request.pid, request.grace_s)))


def _fork() -> int:
    """A machine that has no room for another process has it again when a neighbour's have ended.

    Raises:
        OSError: it still has none after `_FORK_LIMIT_S` seconds.
    """
    deadline_s = time.monotonic() + _FORK_LIMIT_S
    while True:
        try:
            return os.fork()
        except BlockingIOError:
            if time.monotonic() > deadline_s:
                raise
            time.sleep(0.1)


def _steady_allocator() -> None:
    """Give every large buffer pages of its own, here and in all forks.

    From glibc's heap, where a buffer comes to lie within a page depends on all earlier allocations, even on the length
    of a source text, and that made the same kernel on a CPU up to 1.6 times slower in one process than in the next.
    Fresh pages cost time, but the same time for everyone (docs/log.md).
    """
    mallopt = getattr(ctypes.CDLL(None), "mallopt", None)
    if mallopt is not None:
        mallopt(_M_MMAP_THRESHOLD, 1 << 16)


def _become_runner(request: Start, descriptors: list[int], parent: int) -> None:
    connection_descriptor, control, log_descriptor = descriptors
    confinement = Confinement(
        device=request.device,
        num_threads=request.num_threads,
        max_memory_gb=request.max_memory_gb,
        log_descriptor=log_descriptor,
        shown=tuple(request.shown),
        uid=identity.own_uid(),
        others_can_read=request.others_can_read,
    )
    connection = socket.socket(fileno=connection_descriptor)
    try:
        guard.enter(
            lambda report: runner.main(connection, confinement, report),
            confinement,
            [connection_descriptor, log_descriptor],
            control,
            parent,
        )
    except BaseException:
        append_line(log_descriptor, traceback.format_exc())


def _end(pid: int, grace_s: float) -> int:
    """Let the guard end its runner; a guard that does not answer is killed itself."""
    pidfd = os.pidfd_open(pid)
    try:
        for number, limit_s in ((None, grace_s), (signal.SIGTERM, _END_LIMIT_S), (signal.SIGKILL, _END_LIMIT_S)):
            if number is not None:
                os.kill(pid, number)
            if select.select([pidfd], [], [], limit_s)[0]:
                code = os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1])
                return code if code >= 0 else 128 - code
    finally:
        os.close(pidfd)
    return 128 + signal.SIGKILL


if __name__ == "__main__":
    main(socket.socket(fileno=int(sys.argv[1])))
