"""Entries by content: a file named by the hash of the conditions that it holds, so that it can be checked.

Studies, users and machines may share a folder, on a network file system too: entries appear by a rename inside the
folder, nothing is locked, and an entry that vanishes or cannot be read is one that was never there.
"""

import contextlib
import os
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


E = TypeVar("E", bound=Entry)


def address(conditions: dict[str, Any]) -> str:
    """64 hex digits; equal for equal conditions."""
    return sha256_of(canonical_json(conditions))


def path_of(folder: Path, conditions: dict[str, Any]) -> Path:
    """Where the entry of these conditions lies, if there is one."""
    return folder / f"{address(conditions)}.json"


def find_entry(folder: Path, conditions: dict[str, Any], kind: type[E]) -> tuple[E | None, str]:
    """The entry of exactly these conditions, if any, or why one that is there was not taken; it counts as used now."""
    path = path_of(folder, conditions)
    try:
        entry = kind.from_json(path.read_text(encoding="utf-8"), str(path))
        entry.check(path)
    except FileNotFoundError:
        return None, ""
    except (OSError, UnicodeDecodeError, RecordError) as error:
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
