"""Entries by content: a file named by the hash of the conditions that it holds, so that it can be checked.

Studies, users and machines may share a folder, on a network file system too: entries appear by a rename inside the
folder, nothing is locked, and an entry that vanishes or cannot be read is one that was never there.
"""

import contextlib
import os
import stat
from pathlib import Path
from typing import Any, TypeVar

from kbwf.errors import KbwfError, RecordError
from kbwf.records.base import Record, canonical_json, sha256_of
from kbwf.store import write_record


class Entry(Record):
    """What was found out, and under what."""

    conditions: dict[str, Any]
    """Whatever it depends on."""

    def check(self, path: Path) -> None:
        """Hold an entry against its own name, and its parts against each other.

        Raises:
            RecordError: it lies under another name than its conditions say, or its parts disagree.
        """
        if path.stem != address(self.conditions):
            raise RecordError(f"{path}: the entry's conditions belong under {address(self.conditions)}.json; remove it")


R = TypeVar("R", bound=Record)
E = TypeVar("E", bound=Entry)

_MAX_BYTES = 1 << 28
"""No writer of ours makes an entry that large."""


def address(conditions: dict[str, Any]) -> str:
    """64 hex digits; equal for equal conditions."""
    return sha256_of(canonical_json(conditions))


def path_of(folder: Path, conditions: dict[str, Any]) -> Path:
    """Where the entry of these conditions lies, if there is one."""
    return folder / f"{address(conditions)}.json"


def read_entry(path: Path, kind: type[E]) -> E:
    """The entry in a file, checked.

    Raises:
        FileNotFoundError: there is none, or not any more.
        RecordError: it is no entry of this kind, or does not hold what its name says.
    """
    entry = read_what_is_there(path, kind)
    try:
        entry.check(path)
    except (ValueError, RecursionError) as error:  # conditions of whatever depth and letters
        raise RecordError(f"{path} cannot be checked ({error}); remove it") from error
    return entry


def read_what_is_there(path: Path, kind: type[R]) -> R:
    """The record in a file of a folder into which others may put anything.

    Raises:
        FileNotFoundError: there is none, or not any more.
        RecordError: it is no such record.
    """
    try:
        # Not to wait for whoever might write into what is no file.
        with os.fdopen(os.open(path, os.O_RDONLY | os.O_NONBLOCK | os.O_CLOEXEC), "rb") as file:
            found = os.fstat(file.fileno())
            if not stat.S_ISREG(found.st_mode) or found.st_size > _MAX_BYTES:
                raise RecordError(f"{path} is no entry: {_what(found)}; remove it")
            return kind.from_json(file.read().decode(), str(path))
    except FileNotFoundError:
        raise
    except OSError as error:
        raise RecordError(f"{path} cannot be read ({error.strerror}); remove it") from error
    except (ValueError, RecursionError) as error:
        raise RecordError(f"{path} cannot be read ({error}); remove it") from error


def _what(found: os.stat_result) -> str:
    return f"{found.st_size} bytes" if stat.S_ISREG(found.st_mode) else "no regular file"


def find_entry(folder: Path, conditions: dict[str, Any], kind: type[E]) -> tuple[E | None, str]:
    """The entry of exactly these conditions, if any, or why one that is there was not taken; it counts as used now."""
    path = path_of(folder, conditions)
    try:
        entry = read_entry(path, kind)
    except FileNotFoundError:
        return None, ""
    except RecordError as error:
        return None, f"an entry of the store was not taken: {error}"
    with contextlib.suppress(OSError):  # another user's, or removed since
        os.utime(path)
    return entry, ""


def keep_entry(folder: Path, entry: Entry) -> str:
    """Add an entry, or replace one that cannot be read; returns why it could not be kept, or an empty text.

    A store that only others may write to, or a disk that is full, does not cost what was found out.
    """
    try:
        write_record(path_of(folder, entry.conditions), entry)
    except KbwfError as error:
        return f"not kept for reuse: {error}"
    return ""
