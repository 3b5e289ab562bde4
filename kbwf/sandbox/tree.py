"""All processes of a candidate, found, stopped and ended without a control group.

Process 1 of a PID namespace reaches them all in one system call, forks under way included. Without a namespace,
children are followed from the warden down until a pass finds nothing new; stopped processes do not fork.
"""

import contextlib
import os
import signal
import time
from collections.abc import Iterator
from pathlib import Path

from kbwf.sandbox import linux

_POLL_S = 10e-6
_STANDING = frozenset(b"TtZX")
_WAITING = ord("D")
_FORK_S = 10e-3
"""A fork that waits for a lock of the kernel's is done by then: whatever of the candidate's held it stands."""

Thread = tuple[int, int]
"""Its process and itself, as /proc numbers them."""


class Tree:
    """The processes below this one.

    Args:
        is_first: whether this is process 1 of a PID namespace.
        has_own_proc: whether /proc shows that namespace and no more.
    """

    def __init__(self, is_first: bool, has_own_proc: bool) -> None:
        self._is_first = is_first
        self._is_listed = is_first and has_own_proc
        self._has_true_numbers = has_own_proc or not is_first

    def pids(self) -> list[int]:
        """All of them but for this one, as /proc numbers them."""
        if self._is_listed:
            return [int(name) for name in os.listdir("/proc") if name.isdigit() and name != "1"]
        found, unseen = [], ["self"]
        while unseen:
            below = _children(unseen.pop())
            found += below
            unseen += map(str, below)
        return found

    def signal(self, number: signal.Signals) -> None:
        """Send it to all."""
        if self._is_first:
            with contextlib.suppress(ProcessLookupError):
                os.kill(-1, number)
            return
        for pid in self.pids():
            with contextlib.suppress(ProcessLookupError, PermissionError):
                os.kill(pid, number)

    def freeze(self, limit_s: float) -> bool:
        """Stop all; whether none runs any more, or something went on for longer than the limit.

        A thread that waits within the kernel (D) and has the signal does not come back to its program, so it counts as
        standing: that is a parent whose `vfork` child was stopped before its exec.

        Where children are followed, one look is not enough: what still moved when its children were read may have
        forked before it stopped. So all must stand on a look, and the next one must find the same processes; later by
        a while where one waits in the kernel, since that could be a fork that is not done.
        """
        deadline_s = time.monotonic() + limit_s
        signalled: set[Thread] = set()
        stood: set[int] | None = None
        self.signal(signal.SIGSTOP)
        while True:
            pids = self.pids()
            states = {thread: state for pid in pids for thread, state in _states(pid)}
            moving = [
                thread
                for thread, state in states.items()
                if state not in _STANDING and not (state == _WAITING and thread in signalled)
            ]
            if not moving and (self._is_listed or stood == set(pids)):
                return True
            if time.monotonic() > deadline_s:
                return False
            stood = None if moving else set(pids)
            for pid, thread in moving if self._has_true_numbers else ():
                # To each by itself: of a process, one thread gets the signal, and that one may be waiting.
                with contextlib.suppress(ProcessLookupError):
                    linux.syscall("tgkill", pid, thread, int(signal.SIGSTOP))
                    signalled.add((pid, thread))
            if moving:
                time.sleep(_POLL_S)
            elif _WAITING in states.values():
                time.sleep(_FORK_S)

    def thaw(self) -> None:
        """Let all go on."""
        self.signal(signal.SIGCONT)


def _states(pid: int) -> Iterator[tuple[Thread, int]]:
    """The state of each of its threads, as a letter of proc(5); nothing of what ended meanwhile."""
    with contextlib.suppress(OSError):
        for name in os.listdir(f"/proc/{pid}/task"):
            with contextlib.suppress(OSError):
                yield (pid, int(name)), _state_of(f"/proc/{pid}/task/{name}/stat")


def _state_of(path: str) -> int:
    descriptor = os.open(path, os.O_RDONLY)
    try:
        return os.read(descriptor, 512).rpartition(b") ")[2][0]
    finally:
        os.close(descriptor)


def _children(pid: str) -> list[int]:
    found = []
    with contextlib.suppress(OSError):
        for path in Path(f"/proc/{pid}/task").glob("*/children"):
            found += [int(text) for text in path.read_text().split()]
    return found
