"""Locks in files: of a whole machine, among all runs and users, in one place whatever a TMPDIR says; and of a folder.

A lock dies with its holder, so that nothing needs cleaning up; its file stays. Standard library only.
"""

import contextlib
import fcntl
import os
from collections.abc import Iterator

from kbwf.errors import InfrastructureError

LOCK_FOLDERS = ("/dev/shm", "/tmp")
"""The first that is there."""


@contextlib.contextmanager
def machine_lock(name: str, folders: tuple[str, ...] = LOCK_FOLDERS, *, waits: bool = True) -> Iterator[bool]:
    """Hold a lock alone on this machine; yields whether it is held, which without `waits` it need not be.

    Raises:
        InfrastructureError: something else has the place of its file.
    """
    folder = next((each for each in folders[:-1] if os.path.isdir(each)), folders[-1])
    path = os.path.join(folder, f"kbwf-{name.replace('/', '-')}.lock")
    try:
        handle = open_lock(path)
    except OSError as error:
        raise InfrastructureError(f"{path} cannot be locked ({error.strerror}); remove what is there") from error
    try:
        yield is_taken(handle, waits=waits)
    finally:
        os.close(handle)


def open_lock(path: str, *, creates: bool = True) -> int:
    """A lock's file, which every user may lock; read-only where another user's may not be written to."""
    previous = os.umask(0)
    try:
        try:
            # Where such a folder is protected, O_CREAT on another user's file is refused even if it exists.
            return os.open(path, os.O_RDWR | os.O_CLOEXEC | os.O_NOFOLLOW | os.O_NONBLOCK)
        except PermissionError:
            return os.open(path, os.O_RDONLY | os.O_CLOEXEC | os.O_NOFOLLOW | os.O_NONBLOCK)
        except FileNotFoundError:
            if not creates:
                raise
            return os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC | os.O_NOFOLLOW, 0o666)
    finally:
        os.umask(previous)


def is_taken(handle: int, *, waits: bool) -> bool:
    """Lock an opened file; whether that came about, which without `waits` it need not."""
    try:
        fcntl.flock(handle, fcntl.LOCK_EX if waits else fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    return True
