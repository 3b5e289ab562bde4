"""Namespaces: of what a machine has one, a candidate gets another."""

import errno
import os
from pathlib import Path

from kbwf.sandbox.identity import has_capabilities
from kbwf.sandbox.linux import check, libc

CLONE_FLAGS = {
    "mount": 0x20000,
    "uts": 0x4000000,
    "ipc": 0x8000000,
    "user": 0x10000000,
    "pid": 0x20000000,
    "net": 0x40000000,
}
_CAP_SYS_ADMIN, _CAP_SETFCAP = 21, 31


def unshare(kind: str) -> None:
    """Move this process (for pid: its children) into a new namespace of this kind.

    Raises:
        OSError: the host does not permit it.
    """
    check(libc.unshare(CLONE_FLAGS[kind]), f"unshare {kind}")


def may_make_namespaces() -> bool:
    """Whether this process can do without a user namespace: root can, unless a container took the right away."""
    return has_capabilities(_CAP_SYS_ADMIN)


def enter_user_namespace() -> None:
    """A namespace in which this process may make the others, as the user it is. It must have one thread.

    Raises:
        OSError: the host does not permit it.
    """
    uid, gid = os.getuid(), os.getgid()
    if uid == 0 and not has_capabilities(_CAP_SETFCAP):  # found out after `unshare`, there would be no way back
        raise PermissionError(errno.EPERM, "root without CAP_SETFCAP cannot be root of a user namespace")
    unshare("user")
    Path("/proc/self/setgroups").write_text("deny")
    Path("/proc/self/uid_map").write_text(f"{uid} {uid} 1")
    Path("/proc/self/gid_map").write_text(f"{gid} {gid} 1")
