"""What must hold before the first job of a run: nobody else is at work on these results, and they can be written to."""

import fcntl
import os
import tempfile
from pathlib import Path

from kbwf.errors import KbwfError

LOCK = ".lock"
"""In a folder of results, locked for as long as a run is at work there."""


def lock_results(results: Path) -> int:
    """Lock a folder of results, which is made if need be; returns what holds the lock until it is closed.

    Snakemake's own lock outlives a killed run, and would refuse the same command.

    Raises:
        KbwfError: a run is at work there, or the folder cannot be written to.
    """
    require_writable(results)
    handle = os.open(results / LOCK, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC)
    try:
        fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError as error:
        os.close(handle)
        if isinstance(error, BlockingIOError):
            raise KbwfError(
                f"another Snakemake is at work on {results.resolve()}; wait for it, or use --directory"
            ) from None
        raise KbwfError(
            f"{results.resolve()} cannot be locked ({error.strerror}), so that two runs could write the same files;"
            " keep results on a file system with locks (for Lustre, mount it with -o flock)"
        ) from error
    return handle


def require_writable(folder: Path) -> None:
    """Before hours of work: where results cannot be written, nothing can.

    Raises:
        KbwfError: no folder, no permission, no space.
    """
    try:
        folder.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryFile(dir=folder) as probe:
            probe.write(b"0" * 4096)
            probe.flush()
    except OSError as error:
        raise KbwfError(
            f"{folder.absolute()} cannot be written to ({error.strerror}); free space, make it a folder of your own, or"
            " run in another one with --directory"
        ) from error


def store_remark(store: Path) -> str:
    """What a person should know of the store of measurements before the first job; it is made if need be.

    Raises:
        KbwfError: it is no folder and cannot be one.
    """
    try:
        store.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise KbwfError(
            f"store.path: {store} cannot be a folder of measurements ({error.strerror}); name another folder, or null"
        ) from error
    if not os.access(store, os.W_OK | os.X_OK):
        return f"store.path: {store} cannot be written to: what is there is reused, what this run measures is not kept"
    return ""
