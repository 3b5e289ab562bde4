"""Landlock: what a process may do to files, besides what their owners say; it holds without any namespace.

Reading and running are left on what is shown, writing on the scratch folders, and where the kernel is new enough, no
signal and no abstract unix socket goes to a process outside. Numbers from the kernel's include/uapi/linux/landlock.h.
"""

import contextlib
import ctypes
import os
from collections.abc import Iterable

from kbwf.sandbox.linux import syscall

_EXECUTE, _WRITE_FILE, _READ_FILE, _READ_DIR, _TRUNCATE, _IOCTL_DEV = 1 << 0, 1 << 1, 1 << 2, 1 << 3, 1 << 14, 1 << 15
_FILE_RIGHTS = _EXECUTE | _WRITE_FILE | _READ_FILE | _TRUNCATE | _IOCTL_DEV
_LAST_FS_BIT = {1: 12, 2: 13, 3: 14, 4: 14}  # by version of the interface; 15 from the fifth on
_ALL_TCP = 0b11
_SCOPE_ABSTRACT_SOCKETS, _SCOPE_SIGNALS = 1 << 0, 1 << 1
_VERSION_FLAG = 1
_RULE_PATH_BENEATH = 1


class _Ruleset(ctypes.Structure):
    _fields_ = (("handled_fs", ctypes.c_uint64), ("handled_net", ctypes.c_uint64), ("scoped", ctypes.c_uint64))


class _PathBeneath(ctypes.Structure):
    _pack_ = 1
    _fields_ = (("allowed", ctypes.c_uint64), ("parent", ctypes.c_int32))


def restrict(shown: Iterable[str], scratch: Iterable[str]) -> None:
    """For this thread and all it starts: read and run what is shown, write devices, everything in scratch folders.

    Args:
        shown: files and folders; those that do not exist are passed over.

    Raises:
        OSError: the kernel does not have it, or new privileges are not forbidden yet.
    """
    version = syscall("landlock_create_ruleset", None, 0, _VERSION_FLAG)
    every_right = (2 << _LAST_FS_BIT.get(version, 15)) - 1
    attributes = _Ruleset(every_right, _ALL_TCP, _SCOPE_ABSTRACT_SOCKETS | _SCOPE_SIGNALS)
    size = 8 if version < 4 else 16 if version < 6 else 24
    rules = syscall("landlock_create_ruleset", ctypes.byref(attributes), size, 0)
    try:
        read = _EXECUTE | _READ_FILE | _READ_DIR
        for path in shown:
            _allow(rules, path, read)
        # CUDA names its threads when it starts, by emptying and writing a file there, and gives up where it cannot.
        _allow(rules, "/proc", (read | _WRITE_FILE | _TRUNCATE) & every_right)
        _allow(rules, "/dev", (read | _WRITE_FILE | _TRUNCATE | _IOCTL_DEV) & every_right)
        for path in scratch:
            _allow(rules, path, every_right & ~_IOCTL_DEV)
        syscall("landlock_restrict_self", rules, 0)
    finally:
        os.close(rules)


def _allow(rules: int, path: str, rights: int) -> None:
    with contextlib.suppress(FileNotFoundError):
        parent = os.open(path, os.O_PATH | os.O_CLOEXEC)
        try:
            allowed = rights if os.path.isdir(path) else rights & _FILE_RIGHTS
            rule = _PathBeneath(allowed, parent)
            syscall("landlock_add_rule", rules, _RULE_PATH_BENEATH, ctypes.byref(rule), 0)
        finally:
            os.close(parent)
