"""What confines a candidate, in the order in which it can be applied.

Covered: network, other processes, System V IPC, host name (namespaces); files (everything read-only; home, temporary
folders and the workflow's folder hidden, but for the interpreter and its packages); rights (user nobody, no new
privileges); processes, memory, file size, core dumps (rlimits); environment (an allow-list); wall-clock time and
left-over processes (the guard). Not covered yet: a filter on system calls, and a hard bound on GPU memory.

The steps come at two moments, because a CUDA IPC handle cannot be opened by user nobody, while a GPU's driver keeps
files open that forbid a late read-only remount (docs/decisions/judge_owns_the_buffers.md).
"""

import contextlib
import ctypes
import errno
import functools
import os
import resource
import signal
import sys
import tempfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

from kbwf.sandbox import namespaces

_NOBODY = 65534
_MAX_PROCESSES = 256
_MAX_FILE_BYTES = 64 << 20
_ENVIRONMENT = ("PATH", "LANG", "LC_ALL", "LD_LIBRARY_PATH", "CUDA_HOME", "CUDA_VISIBLE_DEVICES", "CUDA_DEVICE_ORDER")


def paths_of_this_process() -> tuple[list[str], list[str]]:
    """Folders to hide from a candidate, and those below them that Python needs."""
    package = Path(__file__).resolve().parents[1]
    hidden = ["/tmp", "/var/tmp", tempfile.gettempdir(), os.path.expanduser("~"), os.getcwd()]
    if not package.is_relative_to(os.path.realpath(sys.prefix)):  # in site-packages, torch lies beside the package
        hidden.append(str(package.parent))
    kept = [sys.prefix, sys.base_prefix, str(package)]
    kept += [path for path in sys.path if path and os.path.realpath(path) not in map(os.path.realpath, hidden)]
    return hidden, kept


def enter(target: Callable[[], None], settings: dict[str, Any], keep_descriptors: list[int]) -> None:
    """In a fresh fork: make the namespaces, fork again, run `target` in there, and guard it. Does not return.

    `settings["sandbox"]` (a dict with lists `applied` and `missing`) is filled on the way.
    """
    os.setsid()
    namespaces.adopt_orphans()
    namespaces.signal_on_parents_death(signal.SIGTERM)
    report = settings["sandbox"]
    if os.getuid() != 0:
        _try(report, "user namespace", namespaces.become_root_of_user_namespace)
    for kind in ("net", "ipc", "uts", "mount", "pid"):
        _try(report, f"{kind} namespace", functools.partial(namespaces.unshare, kind))
    child = os.fork()
    if child == 0:
        # Process 1 of a PID namespace ignores signals it sends itself, so an abort would not end it as it ends others:
        # the candidate is process 2, and with process 1 everything in the namespace ends.
        namespaces.signal_on_parents_death(signal.SIGKILL)
        candidate = os.fork()
        if candidate == 0:
            _inside(target, settings, keep_descriptors)
            os._exit(71)
        _exit_like(candidate)
    signal.signal(signal.SIGTERM, lambda *_: _kill(child))
    _exit_like(child)


def _exit_like(child: int) -> None:
    """End as the child ends (128 + n for signal n), and nothing it started lives on."""
    _, status = os.waitpid(child, 0)
    _end_orphans()
    code = os.waitstatus_to_exitcode(status)
    os._exit(code if code >= 0 else 128 - code)


def _inside(target: Callable[[], None], settings: dict[str, Any], keep_descriptors: list[int]) -> None:
    namespaces.signal_on_parents_death(signal.SIGKILL)
    os.setsid()
    os.dup2(os.open(os.devnull, os.O_RDONLY), 0)
    for stream in (1, 2):
        os.dup2(settings["log_descriptor"], stream)
    last = 3
    for descriptor in sorted(keep_descriptors):
        os.closerange(last, descriptor)
        last = descriptor + 1
    os.closerange(last, 65536)
    environment = {name: os.environ[name] for name in _ENVIRONMENT if name in os.environ}
    os.environ.clear()
    os.environ.update(environment, HOME="/tmp", TMPDIR="/tmp")
    _wipe_first_environment()
    tempfile.tempdir = None
    report = settings["sandbox"]
    if "mount namespace" in report["applied"]:
        _try(report, "private mounts", namespaces.make_mounts_private)
        if "pid namespace" in report["applied"]:
            _try(report, "own /proc", namespaces.mount_proc)
        _try(report, "hidden folders", lambda: namespaces.hide(settings["hidden"], settings["kept"]))
        _try(report, "read-only files", namespaces.make_read_only)
    with contextlib.suppress(OSError):
        os.chdir("/tmp")
    target()


def _wipe_first_environment() -> None:
    """The environment this program was started with stays in its memory and in /proc/self/environ, keys and all."""
    fields = Path("/proc/self/stat").read_text().rpartition(")")[2].split()
    start, end = int(fields[47]), int(fields[48])  # env_start and env_end of proc(5), counted from the third field
    if start:
        ctypes.memset(start, 0, end - start)


def lock_down(settings: dict[str, Any]) -> dict[str, Any]:
    """The last steps, after the judge's buffers were opened and before the kernel's source arrives.

    Returns what was applied and what is missing, to be sent to the judge.
    """
    report: dict[str, Any] = settings["sandbox"]
    if "mount namespace" in report["applied"]:
        _try(report, "private /dev/shm", lambda: namespaces.mount_tmpfs("/dev/shm", "size=64m,mode=1777"))
    _try(report, "rlimits", lambda: _limit(settings))
    if "user namespace" in report["applied"]:
        _try(report, "no capabilities", namespaces.drop_capabilities)
    elif os.getuid() == 0:
        _try(report, "user nobody", _become_nobody)
        namespaces.signal_on_parents_death(signal.SIGKILL)  # the change of user cleared it
    _try(report, "no new privileges", namespaces.forbid_new_privileges)
    return report


def _limit(settings: dict[str, Any]) -> None:
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    resource.setrlimit(resource.RLIMIT_FSIZE, (_MAX_FILE_BYTES, _MAX_FILE_BYTES))
    resource.setrlimit(resource.RLIMIT_NPROC, (_MAX_PROCESSES, _MAX_PROCESSES))
    if settings["device"] == "cpu":  # a GPU's driver reserves more address space than any bound
        used_bytes = int(Path("/proc/self/statm").read_text().split()[0]) * resource.getpagesize()
        bound = used_bytes + int(settings["max_memory_gb"] * 2**30)
        resource.setrlimit(resource.RLIMIT_AS, (bound, bound))


def _become_nobody() -> None:
    os.setgroups([])
    os.setresgid(_NOBODY, _NOBODY, _NOBODY)
    os.setresuid(_NOBODY, _NOBODY, _NOBODY)


def _try(report: dict[str, Any], name: str, step: Callable[[], None]) -> None:
    try:
        step()
        report["applied"].append(name)
    except OSError as error:
        report["missing"].append(f"{name} ({errno.errorcode.get(error.errno or 0, 'OSError')})")


def _kill(pid: int) -> None:
    with contextlib.suppress(ProcessLookupError):
        os.kill(pid, signal.SIGKILL)


def _end_orphans() -> None:
    """Whatever the candidate left running has become a child of the guard."""
    while True:
        for path in Path("/proc/self/task").glob("*/children"):
            for pid in path.read_text().split():
                _kill(int(pid))
        try:
            os.waitpid(-1, 0)
        except ChildProcessError:
            return
