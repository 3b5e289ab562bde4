"""Ending with the process one works for: a Snakemake that was killed must leave nobody writing into its results.

An owner is named by its pid and the moment it started, as in `4711:123456`: the pid alone may by now be another
process's. Its end is told by the kernel through a pidfd, at once and without polling. Standard library only.
"""

import os
import select
import threading
from collections.abc import Callable, Mapping

LEFT_WITH_OWNER = 75
"""Exit code of a process whose owner is gone: its work is not done, and worth another try."""


def owner_of(pid: int) -> str:
    """The name of a running process: pid and start time in clock ticks since boot (field 22 of proc(5)'s stat).

    Raises:
        ProcessLookupError: there is no such process.
    """
    started = _start_time(pid)
    if started is None:
        raise ProcessLookupError(f"no process {pid} is running")
    return f"{pid}:{started}"


def owner_in(environment: Mapping[str, str], pid: int) -> dict[str, str]:
    """The owner of warm processes in a cluster's job, as environment variables for what the job starts.

    It is process `pid` if that is the first of its allocation; else whoever was first there, so that a group's members
    share what is warm.

    An owner of another allocation or machine, the submitting Snakemake above all, is nobody here.
    """
    allocation = environment.get("SLURM_JOB_ID", "")
    inherited = environment.get("KBWF_OWNER", "")
    if allocation and environment.get("KBWF_ALLOCATION") == allocation and is_running(inherited):
        return {"KBWF_OWNER": inherited, "KBWF_ALLOCATION": allocation}
    return {"KBWF_OWNER": owner_of(pid), "KBWF_ALLOCATION": allocation}


def is_running(owner: str) -> bool:
    """Whether a process of this name runs on this machine."""
    pid, _, started = owner.partition(":")
    return pid.isdecimal() and started.isdecimal() and _start_time(int(pid)) == int(started)


def leave_with(owner: str, on_leave: Callable[[], None] = lambda: None) -> None:
    """End this process at once, in whatever it is doing, when the owner is gone; or now, if it already is.

    Children of an evaluating process ask the kernel to be told of its death, so nobody is left behind.
    """
    descriptor = _open(owner)
    if descriptor is None:
        _leave(on_leave)
        return
    threading.Thread(target=_watch, args=(descriptor, on_leave), daemon=True).start()


def _open(owner: str) -> int | None:
    """A descriptor that becomes readable when the owner ends; None if it has ended."""
    pid, _, started = owner.partition(":")
    try:
        descriptor = os.pidfd_open(int(pid))
    except ProcessLookupError:
        return None
    if _start_time(int(pid)) == int(started):  # after it was opened: what it names cannot change any more
        return descriptor
    os.close(descriptor)
    return None


def _watch(descriptor: int, on_leave: Callable[[], None]) -> None:
    select.select([descriptor], [], [])
    _leave(on_leave)


def _leave(on_leave: Callable[[], None]) -> None:
    on_leave()
    os._exit(LEFT_WITH_OWNER)


def _start_time(pid: int) -> int | None:
    try:
        with open(f"/proc/{pid}/stat", errors="replace") as stat:
            fields = stat.read().rpartition(")")[2].split()
    except OSError:
        return None
    return None if fields[0] in "ZX" else int(fields[19])  # a zombie has ended, although nobody has waited for it
