"""A candidate without a judge: a program's text that runs in a sandbox, and what it says."""

import contextlib
import dataclasses
import errno
import json
import mmap
import os
import socket
import subprocess
import sys
import traceback
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from kbwf.sandbox import cgroup, guard, identity
from kbwf.sandbox.confinement import Confinement, Report
from kbwf.sandbox.control import Control
from kbwf.sandbox.output import open_log, read_end
from kbwf.sandbox.shown import find_shown_paths, others_can_read

CHECKOUT = Path(__file__).parents[2]
RIGHTS = pytest.mark.parametrize("rights", ["all", "none"])
"""As whoever runs the tests; and without capabilities and control groups, as most users are, root too."""
SHARED_BYTES = 4096


def _host_permits_namespaces() -> bool:
    """Asked of the kernel, not of the sandbox: what it permits, the sandbox must have used."""
    permitted = subprocess.run(
        [sys.executable, "-c", "import ctypes; exit(ctypes.CDLL(None).unshare(0x10000000 | 0x20000000) != 0)"],
        check=False,
    )
    return permitted.returncode == 0


HOST_PERMITS_NAMESPACES = _host_permits_namespaces()
_CAP_SETFCAP = 1 << 31  # all that root needs to make a user namespace of its own


@dataclasses.dataclass
class Enclosed:
    """A program in its sandbox.

    Attributes:
        report: which defences were applied.
        process: its guard.
        shared: memory that the program sees as `shared`.
    """

    report: Report
    control: Control
    process: subprocess.Popen[bytes]
    shared: mmap.mmap
    _log: int
    _connection: socket.socket

    def __post_init__(self) -> None:
        self._lines = self._connection.makefile("r")

    def said(self) -> Any:
        """The next thing the program says with `say(…)`.

        Raises:
            EOFError: it ended before, and so did all that it started.
        """
        line = self._lines.readline()
        if not line:
            raise EOFError(self.output())
        return json.loads(line)

    def tell(self) -> None:
        """Let the program's `wait()` return."""
        self._connection.sendall(b"\n")

    def output(self) -> str:
        """The end of what it printed."""
        return read_end(self._log, 4000)

    def end(self) -> int:
        """Its exit code, once it has ended by itself."""
        return self.process.wait(timeout=120)


@contextlib.contextmanager
def enclose(
    source: str, rights: str = "all", prepare: str = "", checkout: Path = CHECKOUT, umask: int = -1, **bounds: Any
) -> Iterator[Enclosed]:
    """Run a program's text in a sandbox; in there, `say(value)` and `wait()` talk to the test.

    Args:
        rights: see `RIGHTS`.
        prepare: run before, by the process that becomes the guard, with all rights; knows `confinement`.
        checkout: where the package lies.
        bounds: fields of `Confinement` that differ from one core and half a gigabyte.
    """
    ours, theirs = socket.socketpair()
    judges, wardens = socket.socketpair()
    log, shared = open_log(), os.memfd_create("kbwf-test")
    os.ftruncate(shared, SHARED_BYTES)
    descriptors = [theirs.fileno(), wardens.fileno(), log, shared]
    order = {"rights": rights, "prepare": prepare, "descriptors": descriptors, "bounds": bounds, "source": source}
    command = [sys.executable, "-m", "tests.sandbox.enclosure", json.dumps(order)]
    environment = {**os.environ, "PYTHONPATH": str(checkout)}
    process = subprocess.Popen(command, cwd=checkout, pass_fds=descriptors, umask=umask, env=environment)
    theirs.close()
    wardens.close()
    control = Control(judges)
    try:
        enclosed = Enclosed(Report(), control, process, mmap.mmap(shared, SHARED_BYTES), log, ours)
        enclosed.report = Report(*map(tuple, enclosed.said()))
        yield enclosed
    finally:
        control.end()
        control.close()
        ours.close()
        process.wait(timeout=120)
        os.close(log)
        os.close(shared)


def run(source: str, rights: str = "all", **options: Any) -> tuple[Any, Report]:
    """What a program says, and its sandbox's report."""
    with enclose(source, rights, **options) as enclosed:
        return enclosed.said(), enclosed.report


def has(report: Report, defence: str) -> bool:
    """Whether the report says that this defence was applied; what it does not say at all is a failure."""
    missing = {entry.partition(" (")[0] for entry in report.missing}
    assert (defence in report.applied) != (defence in missing), (defence, report)
    return report.has(defence)


def _launch(order: dict[str, Any]) -> None:
    """The launcher's part, in a process of its own."""
    runner, control, log, shared = order["descriptors"]
    shown = find_shown_paths([str(Path.home()), os.getcwd()], os.environ)
    bounds = {"device": "cpu", "num_threads": 1, "max_memory_gb": 0.5, **order["bounds"]}
    shown += tuple(bounds.pop("shown", ()))
    confinement = Confinement(
        **bounds, log_descriptor=log, shown=shown, uid=identity.own_uid(), others_can_read=others_can_read(shown)
    )
    exec(order["prepare"], {"confinement": confinement})
    if order["rights"] == "none":
        identity.drop_capabilities(kept=_CAP_SETFCAP if os.getuid() == 0 else 0)
        refused = PermissionError(errno.EACCES, "no control groups in this test")
        cgroup.make_groups = lambda *_: dict.fromkeys(cgroup.KINDS, refused)

    def target(report: Report) -> None:
        connection = socket.socket(fileno=runner)

        def say(value: Any) -> None:
            connection.sendall(json.dumps(value).encode() + b"\n")

        memory = mmap.mmap(shared, SHARED_BYTES)
        os.close(shared)
        report = guard.lock_down(confinement, report)
        say([report.applied, report.missing])
        try:
            exec(order["source"], {"say": say, "wait": lambda: connection.recv(1), "shared": memory})
        except BaseException:
            traceback.print_exc()
            os._exit(70)
        os._exit(0)

    guard.enter(target, confinement, [runner, log, shared], control, os.pidfd_open(os.getppid()))


if __name__ == "__main__":
    _launch(json.loads(sys.argv[1]))
