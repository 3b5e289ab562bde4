"""The few Linux calls that a sandbox needs and Python does not offer: namespaces, mounts, process controls."""

import ctypes
import os
import signal
from pathlib import Path

_libc = ctypes.CDLL(None, use_errno=True)

CLONE_FLAGS = {
    "mount": 0x20000,
    "uts": 0x4000000,
    "ipc": 0x8000000,
    "user": 0x10000000,
    "pid": 0x20000000,
    "net": 0x40000000,
}
_MS_BIND, _MS_REC, _MS_PRIVATE, _MS_NOSUID, _MS_NODEV = 0x1000, 0x4000, 0x40000, 0x2, 0x4
_PR_SET_PDEATHSIG, _PR_SET_CHILD_SUBREAPER, _PR_SET_NO_NEW_PRIVS = 1, 36, 38
_CAPABILITY_VERSION_3 = 0x20080522
_SYS_MOUNT_SETATTR, _MOUNT_ATTR_RDONLY = 442, 1  # one number on all architectures; Linux 5.12
# Where a program must be able to write to device files, or the kernel's own files say what may be written.
_STAY_WRITABLE = ("/dev", "/proc", "/sys", "/tmp")


class _MountAttributes(ctypes.Structure):
    _fields_ = tuple((name, ctypes.c_uint64) for name in ("set", "clear", "propagation", "namespace"))


def unshare(kind: str) -> None:
    """Move this process (for pid: its children) into a new namespace of this kind.

    Raises:
        OSError: the host does not permit it.
    """
    _check(_libc.unshare(CLONE_FLAGS[kind]), f"unshare {kind}")


def become_root_of_user_namespace() -> None:
    """As an ordinary user: a namespace in which this process may make the others. It must have one thread."""
    uid, gid = os.getuid(), os.getgid()
    unshare("user")
    Path("/proc/self/setgroups").write_text("deny")
    Path("/proc/self/uid_map").write_text(f"0 {uid} 1")
    Path("/proc/self/gid_map").write_text(f"0 {gid} 1")


def mount_tmpfs(path: str, options: str) -> None:
    """An empty file system in memory over `path`."""
    _mount("tmpfs", path, "tmpfs", _MS_NOSUID | _MS_NODEV, options)


def mount_proc() -> None:
    """A /proc that shows only this PID namespace."""
    _mount("proc", "/proc", "proc", _MS_NOSUID | _MS_NODEV, None)


def make_mounts_private() -> None:
    """What is mounted from here on is seen by nobody else."""
    _mount(None, "/", None, _MS_REC | _MS_PRIVATE, None)


def hide(hidden: list[str], kept: list[str]) -> None:
    """Put an empty file system over each hidden folder, and the kept folders below it back in."""
    hidden = _outermost([os.path.realpath(path) for path in hidden if os.path.isdir(path)])
    kept = _outermost([os.path.realpath(path) for path in kept if os.path.isdir(path)])
    for folder in hidden:
        if folder == "/":
            continue
        below = [path for path in kept if path.startswith(folder + "/")]
        handles = [os.open(path, os.O_PATH) for path in below]  # survive the covering of their names
        mount_tmpfs(folder, "size=256m,mode=1777" if folder == "/tmp" else "size=1m,mode=755")
        for path, handle in zip(below, handles, strict=True):
            os.makedirs(path, mode=0o755)
            _mount(f"/proc/self/fd/{handle}", path, None, _MS_BIND | _MS_REC, None)
            os.close(handle)


def make_read_only() -> None:
    """Every mount but devices, kernel files and the private /tmp. Must come before a GPU's driver opens files.

    Mounts in /tmp that were put back by `hide` are not the candidate's and become read-only too.
    """
    for line in Path("/proc/self/mountinfo").read_text().splitlines():
        point = line.split()[4].encode().decode("unicode_escape")
        inside_tmp = point.startswith("/tmp/")
        if not inside_tmp and any(point == path or point.startswith(path + "/") for path in _STAY_WRITABLE):
            continue
        attributes = _MountAttributes(_MOUNT_ATTR_RDONLY, 0, 0, 0)
        reference, size = ctypes.byref(attributes), ctypes.sizeof(attributes)
        _check(_libc.syscall(_SYS_MOUNT_SETATTR, -100, point.encode(), 0, reference, size), f"read-only {point}")


def signal_on_parents_death(number: signal.Signals) -> None:
    """Sent to this process when the one that forked it ends. Cleared by a change of user."""
    _check(_libc.prctl(_PR_SET_PDEATHSIG, int(number), 0, 0, 0), "prctl PDEATHSIG")


def adopt_orphans() -> None:
    """Descendants whose parents end become this process's children, so that it can end them."""
    _check(_libc.prctl(_PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0), "prctl CHILD_SUBREAPER")


def drop_capabilities() -> None:
    """Keep none: the root of a user namespace could otherwise take the mounts away that hide files from it."""
    header = (ctypes.c_uint32 * 2)(_CAPABILITY_VERSION_3, 0)
    _check(_libc.capset(header, (ctypes.c_uint32 * 6)()), "capset")


def forbid_new_privileges() -> None:
    """No program started from here gains rights by being set-uid."""
    _check(_libc.prctl(_PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0), "prctl NO_NEW_PRIVS")


def _mount(source: str | None, target: str, kind: str | None, flags: int, data: str | None) -> None:
    encoded = [text.encode() if text is not None else None for text in (source, target, kind, data)]
    _check(_libc.mount(*encoded[:3], ctypes.c_ulong(flags), encoded[3]), f"mount {target}")


def _outermost(paths: list[str]) -> list[str]:
    return [path for path in dict.fromkeys(paths) if not any(path.startswith(other + "/") for other in paths)]


def _check(result: int, what: str) -> None:
    if result:
        number = ctypes.get_errno()
        raise OSError(number, f"{what}: {os.strerror(number)}")
