"""Locks of a whole machine, among all runs and users, in one place whatever a TMPDIR says. Standard library only.

A lock dies with its holder, so that nothing needs cleaning up; its file stays.
"""

import contextlib
import fcntl
import os
from collections.abc import Iterator

LOCK_FOLDERS = ("/dev/shm", "/tmp")
"""The first that is there."""


@contextlib.contextmanager
def machine_lock(name: str, folders: tuple[str, ...] = LOCK_FOLDERS, *, waits: bool = True) -> Iterator[bool]:
    """Hold a lock alone on this machine; yields whether it is held, which without `waits` it need not be."""
    handle = _opened(name, folders)
    try:
        try:
            fcntl.flock(handle, fcntl.LOCK_EX if waits else fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            yield False
            return
        yield True
    finally:
        os.close(handle)


def _opened(name: str, folders: tuple[str, ...]) -> int:
    folder = next((each for each in folders[:-1] if os.path.isdir(each)), folders[-1])
    path = os.path.join(folder, f"kbwf-{name}.lock")
    previous = os.umask(0)
    try:
        try:
            # Where such a folder is protected, O_CREAT on another user's file is refused even if it exists.
            return os.open(path, os.O_RDWR | os.O_CLOEXEC)
        except FileNotFoundError:
            return os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o666)
    finally:
        os.umask(previous)
