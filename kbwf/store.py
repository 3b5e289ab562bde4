"""Reading and writing records: whole or not at all."""

import errno
import os
import re
import secrets
from collections.abc import Iterable
from pathlib import Path
from typing import TypeVar

from kbwf.errors import InfrastructureError, RecordError
from kbwf.records.base import Record

R = TypeVar("R", bound=Record)

UNFINISHED = re.compile(r"\.(?P<name>.+)\.[0-9a-f]{8}\.part")
"""Name of a file that is being written; one that stays was left behind by a kill."""


def write_text(path: Path, text: str) -> None:
    """Write atomically: a reader sees the old file or the new one, a crash leaves no half.

    The temporary file lies in the same folder, because a rename is atomic only inside one file system.

    Raises:
        InfrastructureError: the disk is full.
        RecordError: the folder cannot be written to.
    """
    try:
        _write_text(path, text)
    except OSError as error:
        if error.errno in (errno.ENOSPC, errno.EDQUOT):
            raise InfrastructureError(
                f"{path} was not written, the disk is full ({error.strerror}); `kbwf clean --dry-run` says what can go,"
                " then run again: what is finished stays"
            ) from error
        raise RecordError(
            f"{path} cannot be written ({error.strerror}); make {path.parent} a folder that you may write to, or run"
            " in another one (snakemake --directory)"
        ) from error


def _write_text(path: Path, text: str) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    name = f"{path.parent}/.{path.name}.{secrets.token_hex(4)}.part"  # as UNFINISHED says
    # As any program's file: the umask decides who may read it, which one for a temporary file would not ask.
    handle = os.open(name, os.O_RDWR | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, 0o666)
    try:
        # A kernel's half a character has no UTF-8; records are ASCII and keep it.
        with os.fdopen(handle, "w", encoding="utf-8", errors="backslashreplace") as file:
            file.write(text)
            file.flush()
            os.fsync(file.fileno())
        os.replace(name, path)
    except BaseException:
        Path(name).unlink(missing_ok=True)
        raise


def write_record(path: Path, record: Record) -> None:
    """Write one record as one line of JSON."""
    write_text(path, record.to_json() + "\n")


def read_record(path: Path, kind: type[R]) -> R:
    """Read one record.

    Raises:
        RecordError: the file is missing or does not hold a valid record of this kind.
    """
    return kind.from_json(read_text(path), str(path))


def write_records(path: Path, records: Iterable[Record]) -> None:
    """Write records as JSON lines."""
    write_text(path, "".join(record.to_json() + "\n" for record in records))


def read_records(path: Path, kind: type[R]) -> list[R]:
    """Read JSON lines.

    Raises:
        RecordError: the file is missing, or a line (named) does not hold a valid record of this kind.
    """
    lines = read_text(path).splitlines()
    return [kind.from_json(line, f"{path}:{number}") for number, line in enumerate(lines, 1) if line.strip()]


def read_text(path: Path) -> str:
    """A file's text.

    Raises:
        RecordError: the file is missing or cannot be read.
    """
    try:
        return path.read_text(encoding="utf-8")
    except FileNotFoundError as error:
        raise RecordError(f"{path} does not exist; run the workflow, or check the path") from error
    except OSError as error:
        raise RecordError(f"{path} cannot be read ({error.strerror}); give a file that you may read") from error
    except UnicodeDecodeError as error:
        raise RecordError(f"{path} is damaged ({error}); remove the file and run the workflow again") from error
