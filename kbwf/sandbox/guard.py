"""Makes a candidate's processes and applies its defences (`defences.py`) in each of them.

    launcher ── guard ── warden (process 1 of its namespace) ── candidate

The guard makes the namespaces, which hold for what it forks, and takes the control groups away at the end. The warden
stays the judge's own; of a PID namespace, process 1 cannot be ended from within, and with it everything else ends.
"""

import contextlib
import ctypes
import os
import shutil
import signal
import tempfile
import traceback
from collections.abc import Callable, Iterable
from pathlib import Path

from kbwf.sandbox import cgroup, defences, limits, linux, root, watch
from kbwf.sandbox.confinement import Confinement, Report
from kbwf.sandbox.output import append_line
from kbwf.sandbox.tree import Tree
from kbwf.sandbox.warden import Warden, Word

ENVIRONMENT = (
    "HOME", "TMPDIR", "PATH", "LANG", "LC_ALL",
    "LD_LIBRARY_PATH", "CUDA_HOME", "CUDA_VISIBLE_DEVICES", "CUDA_DEVICE_ORDER",
)  # fmt: skip
_to_warden: int | None = None
"""In a candidate: where it says, once, that its doors are locked."""


def enter(
    target: Callable[[Report], None], confinement: Confinement, keep_descriptors: list[int], control: int, parent: int
) -> None:
    """In a fresh fork of the launcher, with one thread: confine what runs `target`, and guard it. Does not return.

    Args:
        target: given the report of the first half of the defences; calls `lock_down` before it runs what is hostile.
        keep_descriptors: files the candidate keeps open.
        control: the warden's end of the judge's commands (`control.py`).
        parent: a pidfd of the process that forked this one.
    """
    os.setsid()
    os.umask(0o022)
    warden = 0
    signal.signal(signal.SIGTERM, lambda *_: _kill(warden) if warden else os._exit(128 + signal.SIGTERM))
    linux.adopt_orphans()
    linux.end_with_parent(signal.SIGTERM, parent)
    max_bytes = limits.max_bytes_together(confinement.device, confinement.max_memory_bytes)
    groups = cgroup.make_groups(max_bytes, limits.MAX_PROCESSES)
    made = cgroup.distinct(groups)
    report = defences.apply(defences.IN_GUARD, confinement, groups, Report())
    guard = os.pidfd_open(os.getpid())
    warden = os.fork()
    if warden == 0:
        try:
            signal.signal(signal.SIGTERM, signal.SIG_DFL)
            linux.end_with_parent(signal.SIGKILL, guard)
            code = _be_warden(target, confinement, keep_descriptors, control, groups, report)
        except BaseException:
            append_line(confinement.log_descriptor, traceback.format_exc())
            code = 71
        os._exit(code)
    _close_all_but([descriptor for group in made for descriptor in (group.folder, group.parent)])
    _, status = os.waitpid(warden, 0)
    _end_orphans()
    for group in made:
        group.remove()
    code = os.waitstatus_to_exitcode(status)
    os._exit(code if code >= 0 else 128 - code)


def lock_down(confinement: Confinement, report: Report) -> Report:
    """In a candidate: the second half of the defences, once the judge's buffers are open, before the kernel arrives.

    Returns the report to be sent to the judge.
    """
    global _to_warden
    is_bounded = report.has("memory cgroup") and report.has("pids cgroup")
    word = Word(
        has_freezer=report.has("freezer cgroup"),
        baseline=None if is_bounded else watch.measure_baseline(),
    )
    report = defences.apply(defences.SECOND_HALF, confinement, {}, report)
    if _to_warden is not None:
        word.send(_to_warden)
        _to_warden = None
    return report


def _be_warden(
    target: Callable[[Report], None],
    confinement: Confinement,
    keep_descriptors: list[int],
    control: int,
    groups: cgroup.Groups,
    report: Report,
) -> int:
    linux.adopt_orphans()
    linux.prctl(linux.PR_SET_DUMPABLE, 0)  # its memory and files are closed to a candidate of the same user
    report = defences.apply(defences.IN_WARDEN, confinement, groups, report)
    has_own_root = report.has("own root")
    home = root.SCRATCH_FOLDERS[0] if has_own_root else _make_home(confinement, groups, report)
    word, to_warden = os.pipe2(os.O_CLOEXEC)
    own = os.pidfd_open(os.getpid())
    candidate = os.fork()
    if candidate == 0:
        os.environ.update(HOME=home, TMPDIR=home)
        try:
            linux.end_with_parent(signal.SIGKILL, own)
            _be_candidate(target, confinement, {*keep_descriptors, to_warden} - {control}, to_warden, groups, report)
        except BaseException:
            append_line(confinement.log_descriptor, traceback.format_exc())
        finally:
            os._exit(71)
    made = {kind: group for kind, group in groups.items() if isinstance(group, cgroup.Group)}
    folders = [descriptor for group in made.values() for descriptor in (group.folder, group.parent)]
    _close_all_but([control, word, confinement.log_descriptor, *folders])
    code = Warden(
        candidate, control, word, confinement.log_descriptor,
        tree=Tree(os.getpid() == 1, has_own_proc=report.has("own /proc")),
        groups=made,
        max_bytes=limits.max_bytes_together(confinement.device, confinement.max_memory_bytes),
        scratch=root.SCRATCH_FOLDERS if has_own_root else (),
    ).serve()  # fmt: skip
    if not has_own_root:
        shutil.rmtree(home, ignore_errors=True)
    return code


def _make_home(confinement: Confinement, groups: cgroup.Groups, report: Report) -> str:
    """A folder for the candidate alone where it has to live among the host's files."""
    home = tempfile.mkdtemp(prefix="kbwf-", dir="/tmp")
    if not defences.Scene(confinement, groups, report).keeps_user:
        os.chown(home, confinement.uid, confinement.uid)
    return home


def _be_candidate(
    target: Callable[[Report], None],
    confinement: Confinement,
    keep_descriptors: set[int],
    to_warden: int,
    groups: cgroup.Groups,
    report: Report,
) -> None:
    global _to_warden
    linux.prctl(linux.PR_SET_DUMPABLE, 1)  # the warden may have no other right to look at its memory
    os.setsid()
    os.dup2(os.open(os.devnull, os.O_RDONLY), 0)
    for stream in (1, 2):
        os.dup2(confinement.log_descriptor, stream)
    environment = {name: os.environ[name] for name in ENVIRONMENT if name in os.environ}
    os.environ.clear()
    os.environ.update(environment)
    _wipe_first_environment()
    tempfile.tempdir = None
    os.chdir(environment["HOME"])
    report = defences.apply(defences.IN_CANDIDATE, confinement, groups, report)
    _close_all_but(keep_descriptors)
    _to_warden = to_warden
    target(report)


def _close_all_but(kept: Iterable[int]) -> None:
    last = 3
    for descriptor in sorted(set(kept)):
        os.closerange(last, descriptor)
        last = max(last, descriptor + 1)
    os.closerange(last, 65536)


def _wipe_first_environment() -> None:
    """The environment this program was started with stays in its memory and in /proc/self/environ, keys and all."""
    fields = Path("/proc/self/stat").read_text().rpartition(")")[2].split()
    start, end = int(fields[47]), int(fields[48])  # env_start and env_end of proc(5), counted from the third field
    if start:
        ctypes.memset(start, 0, end - start)


def _kill(pid: int) -> None:
    with contextlib.suppress(ProcessLookupError):
        os.kill(pid, signal.SIGKILL)


def _end_orphans() -> None:
    """Whatever lived on after the warden has become a child of the guard."""
    while True:
        for path in Path("/proc/self/task").glob("*/children"):
            for pid in path.read_text().split():
                _kill(int(pid))
        try:
            os.waitpid(-1, 0)
        except ChildProcessError:
            return
