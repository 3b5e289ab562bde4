"""Control groups: memory and processes bounded for all that a candidate is together, and a switch that freezes it.

A host has one hierarchy for everything (version 2), one for each of memory, pids and freezer (version 1), or a mixture.
Which of them this process may use shows only by trying. The guard makes and removes a candidate's groups, the candidate
joins them, the warden turns the switch.
"""

import contextlib
import errno
import os
import time
from dataclasses import dataclass
from pathlib import Path
from typing import TypeGuard

KINDS = ("memory", "pids", "freezer")
_OWN_NAME = "kbwf-{}"
_POLL_S = 10e-6
_REMOVAL_LIMIT_S = 2.0
# Files that a kernel may do without: those of swap that is not accounted for.
_OPTIONAL = ("memory.memsw.limit_in_bytes", "memory.swap.max", "memory.oom.group")
_FREEZE = {1: ("freezer.state", b"FROZEN", b"THAWED"), 2: ("cgroup.freeze", b"1", b"0")}
_IS_FROZEN = {1: ("freezer.state", b"FROZEN"), 2: ("cgroup.events", b"frozen 1")}
_KILLS = {1: ("memory.oom_control", "oom_kill "), 2: ("memory.events", "oom_kill ")}


@dataclass(frozen=True)
class Group:
    """A folder of one hierarchy: version of the interface, open folders of the group and of the one above."""

    version: int
    folder: int
    parent: int
    name: str

    def write(self, file: str, text: str) -> None:
        """Set one of the group's files."""
        descriptor = os.open(file, os.O_WRONLY | os.O_CLOEXEC, dir_fd=self.folder)
        try:
            os.write(descriptor, text.encode())
        finally:
            os.close(descriptor)

    def read(self, file: str) -> str:
        """One of the group's files."""
        descriptor = os.open(file, os.O_RDONLY | os.O_CLOEXEC, dir_fd=self.folder)
        try:
            return os.read(descriptor, 4096).decode()
        finally:
            os.close(descriptor)

    def join(self) -> None:
        """Move this process into the group, and so all that it starts.

        Raises:
            OSError: the host does not permit it.
        """
        self.write("cgroup.procs", "0")

    def has_killed(self) -> bool:
        """Whether the kernel ended a process of a memory group because of its bound."""
        file, field = _KILLS[self.version]
        return any(line.startswith(field) and not line.endswith(" 0") for line in self.read(file).splitlines())

    def remove(self) -> None:
        """Take the folder away, once the last process has left it."""
        deadline_s = time.monotonic() + _REMOVAL_LIMIT_S
        while True:
            try:
                os.rmdir(self.name, dir_fd=self.parent)
            except FileNotFoundError:
                return
            except OSError:
                if time.monotonic() > deadline_s:
                    return
                time.sleep(0.001)
            else:
                return


class Freezer:
    """A group's switch, held open."""

    def __init__(self, group: Group) -> None:
        self._on, self._off = _FREEZE[group.version][1:]
        self._done = _IS_FROZEN[group.version][1]
        self._switch = os.open(_FREEZE[group.version][0], os.O_WRONLY | os.O_CLOEXEC, dir_fd=group.folder)
        self._state = os.open(_IS_FROZEN[group.version][0], os.O_RDONLY | os.O_CLOEXEC, dir_fd=group.folder)

    def freeze(self, limit_s: float) -> bool:
        """Stop every process in the group; whether all stood still in time."""
        os.pwrite(self._switch, self._on, 0)
        deadline_s = time.monotonic() + limit_s
        while self._done not in os.pread(self._state, 256, 0):
            if time.monotonic() > deadline_s:
                return False
            time.sleep(_POLL_S)
        return True

    def thaw(self) -> None:
        """Let them go on."""
        os.pwrite(self._switch, self._off, 0)


Groups = dict[str, Group | OSError]
"""By kind, the group that bounds it, or why there is none. One group of version 2 serves several kinds."""


def make_groups(max_memory_bytes: int, max_processes: int) -> Groups:
    """Fresh groups of this process's own, bounded and still empty."""
    name = _OWN_NAME.format(os.getpid())
    together = _make_version_2(name)
    made: Groups = {}
    for kind in KINDS:
        try:
            group = together if _serves(together, kind) else _make_version_1(kind, name)
            _bound(group, kind, max_memory_bytes, max_processes)
            made[kind] = group
        except OSError as error:
            is_only_absent = error.errno == errno.ENOENT and isinstance(together, OSError)
            made[kind] = together if is_only_absent else error
    return made


def distinct(groups: Groups) -> list[Group]:
    """The groups that were made, each once."""
    return list({group.folder: group for group in groups.values() if isinstance(group, Group)}.values())


def _serves(together: Group | OSError, kind: str) -> TypeGuard[Group]:
    if isinstance(together, OSError):
        return False
    return kind == "freezer" or kind in together.read("cgroup.controllers").split()


def _bound(group: Group, kind: str, max_memory_bytes: int, max_processes: int) -> None:
    values: dict[str, int] = {
        ("memory", 1): dict.fromkeys(("memory.limit_in_bytes", "memory.memsw.limit_in_bytes"), max_memory_bytes),
        ("memory", 2): {"memory.max": max_memory_bytes, "memory.swap.max": 0, "memory.oom.group": 1},
        ("pids", 1): {"pids.max": max_processes},
        ("pids", 2): {"pids.max": max_processes},
    }.get((kind, group.version), {})
    for file, value in values.items():
        with contextlib.suppress(FileNotFoundError) if file in _OPTIONAL else contextlib.nullcontext():
            group.write(file, str(value))


def _make_version_1(kind: str, name: str) -> Group:
    hierarchy = _hierarchy_of(kind)
    if hierarchy is None:
        raise FileNotFoundError(errno.ENOENT, f"no control groups for {kind}")
    return _make(1, hierarchy[1], name)


def _make_version_2(name: str) -> Group | OSError:
    """In this process's folder, or the nearest above that hands its controllers down: one with processes cannot."""
    hierarchy = _hierarchy_of("")
    if hierarchy is None:
        return FileNotFoundError(errno.ENOENT, "no control groups")
    top, own = hierarchy
    refused: OSError | None = None
    try:
        wanted = {"memory", "pids"} & set(Path(top, "cgroup.controllers").read_text().split())
        with contextlib.suppress(OSError):
            Path(own, "cgroup.subtree_control").write_text(" ".join(f"+{name}" for name in sorted(wanted)))
        for folder in [path for path in (own, *map(str, Path(own).parents)) if path.startswith(top)]:
            if wanted <= set(Path(folder, "cgroup.subtree_control").read_text().split()):
                try:
                    return _make(2, folder, name)
                except OSError as error:
                    refused = refused or error
        return _make(2, own, name)  # it bounds nothing, but it can be frozen
    except OSError as error:
        return refused or error


def _hierarchy_of(controller: str) -> tuple[str, str] | None:
    """Where a controller's hierarchy is mounted, or for an empty name that of version 2, and this process's folder."""
    own: dict[str, str] = {}
    for line in Path("/proc/self/cgroup").read_text().splitlines():
        _, controllers, path = line.split(":", 2)
        own |= dict.fromkeys(controllers.split(","), path)
    for line in Path("/proc/self/mountinfo").read_text(errors="surrogateescape").splitlines():
        left, _, right = line.partition(" - ")
        root, point = left.split()[3:5]
        file_system, _, options = right.split()[:3]
        is_it = file_system == "cgroup" and controller in options.split(",") if controller else file_system == "cgroup2"
        if is_it and controller in own:
            inside = own[controller].removeprefix(root.rstrip("/")) if own[controller].startswith(root) else ""
            return point, f"{point}/{inside.strip('/')}".rstrip("/")
    return None


def _make(version: int, folder: str, name: str) -> Group:
    _sweep(folder)
    with contextlib.suppress(FileExistsError):  # of an earlier process with this number
        os.mkdir(f"{folder}/{name}")
    parent = os.open(folder, os.O_PATH | os.O_DIRECTORY | os.O_CLOEXEC)
    return Group(version, os.open(f"{folder}/{name}", os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC), parent, name)


def _sweep(folder: str) -> None:
    """Remove what guards left that were killed."""
    prefix = _OWN_NAME.format("")
    for name in os.listdir(folder):
        if name.startswith(prefix) and name[len(prefix) :].isdigit():
            with contextlib.suppress(PermissionError):
                try:
                    os.kill(int(name[len(prefix) :]), 0)
                except ProcessLookupError:
                    with contextlib.suppress(OSError):
                        os.rmdir(f"{folder}/{name}")
