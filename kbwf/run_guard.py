"""What must hold before the first job of a run: nobody else is at work on these results, and they can be written to."""

import contextlib
import os
import tempfile
from collections.abc import Iterator
from pathlib import Path

from kbwf.errors import ConfigError, KbwfError
from kbwf.machine_locks import is_taken, open_lock

LOCK = ".lock"
"""In a folder of results, locked for as long as a run is at work there."""


@contextlib.contextmanager
def alone_in(results: Path, *, creates: bool = True) -> Iterator[bool]:
    """Be the only one at work on a folder of results; yields whether it has a lock.

    Snakemake's own lock outlives a killed run, and would refuse the same command.

    Args:
        creates: make folder and lock if need be. Where they cannot be made, nothing can be written either, which is no
            fault as long as nothing has to be (`require_writable`).

    Raises:
        KbwfError: a run is at work there, or nobody can say.
    """
    handle = _opened(results, creates=creates)
    if handle is None:
        yield False
        return
    try:
        try:
            is_alone = is_taken(handle, waits=False)
        except OSError as error:
            raise KbwfError(
                f"{results.resolve()} cannot be locked ({error.strerror}), so that two runs could write the same files;"
                " keep results on a file system with locks (for Lustre, mount it with -o flock)"
            ) from error
        if not is_alone:
            raise KbwfError(f"another Snakemake is at work on {results.resolve()}; wait for it, or use --directory")
        yield True
    finally:
        os.close(handle)


def _opened(results: Path, *, creates: bool) -> int | None:
    path = results / LOCK
    try:
        if creates:
            results.mkdir(parents=True, exist_ok=True)
        return open_lock(str(path), creates=creates)
    except OSError as error:
        if not os.path.lexists(path):
            return None
        way_out = "let its owner make it readable" if isinstance(error, PermissionError) else "it must be a file"
        raise KbwfError(f"{path} cannot be locked ({error.strerror}); {way_out}") from error


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


def store_folder(path: Path) -> str:
    """Where a store of measurements lies, with `~` as the home folder, absolute.

    Raises:
        ConfigError: there is no such user.
    """
    try:
        return os.path.abspath(path.expanduser())
    except RuntimeError as error:
        raise ConfigError(f"store.path: {path} names nobody's home folder ({error}); write it out") from error


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
