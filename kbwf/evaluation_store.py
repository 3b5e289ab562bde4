"""Measurements by content: an equal kernel under equal conditions takes an earlier evaluation over.

One file per entry, named by the hash of its conditions and holding them, so that an entry can be checked and is never
served where anything differs. Studies, users and machines may share a folder, on a network file system too: entries
appear by a rename inside the folder, nothing is locked, and an entry that vanishes or cannot be read is one that was
never there.
"""

import contextlib
import os
from pathlib import Path
from typing import Any, NamedTuple

from kbwf.errors import KbwfError, RecordError
from kbwf.records.base import Record, canonical_json, sha256_of
from kbwf.records.evaluation import Evaluation
from kbwf.store import write_record


class StoredEvaluation(Record):
    """An entry of the store."""

    conditions: dict[str, Any]
    """Whatever the measurement depends on: task, kernel, settings, hardware, software, code of the judge."""
    evaluation: Evaluation


class Found(NamedTuple):
    """What a look into the store gave."""

    evaluation: Evaluation | None
    remark: str = ""
    """Why an entry that is there was not taken."""


def address(conditions: dict[str, Any]) -> str:
    """64 hex digits; equal for equal conditions."""
    return sha256_of(canonical_json(conditions))


def find(folder: Path, conditions: dict[str, Any]) -> Found:
    """The evaluation kept under exactly these conditions, if any; it counts as used now."""
    path = _path(folder, conditions)
    try:
        stored = StoredEvaluation.from_json(path.read_text(encoding="utf-8"), str(path))
        check(path, stored)
    except FileNotFoundError:
        return Found(None)
    except (OSError, UnicodeDecodeError, RecordError) as error:
        return Found(None, f"an entry of the store was not taken: {error}")
    with contextlib.suppress(OSError):  # another user's, or removed since
        os.utime(path)
    return Found(stored.evaluation)


def has(folder: Path, conditions: dict[str, Any]) -> bool:
    """Whether there is an entry, which `find` may still refuse."""
    return _path(folder, conditions).is_file()


def keep(folder: Path, conditions: dict[str, Any], evaluation: Evaluation) -> str:
    """Add an entry, or replace one that cannot be read; returns why it could not be kept, or an empty text.

    A store that only others may write to, or a disk that is full, does not cost the evaluation.
    """
    try:
        write_record(_path(folder, conditions), StoredEvaluation(conditions=conditions, evaluation=evaluation))
    except KbwfError as error:
        return f"not kept for reuse: {error}"
    return ""


def check(path: Path, stored: StoredEvaluation) -> None:
    """Hold an entry against its own name.

    Raises:
        RecordError: the entry lies under another name than its conditions say, or its parts contradict each other.
    """
    if path.stem != address(stored.conditions):
        raise RecordError(f"{path}: the entry's conditions belong under {address(stored.conditions)}.json; remove it")
    kernel, evaluation = stored.conditions.get("kernel"), stored.evaluation
    if kernel != evaluation.kernel_sha256:
        raise RecordError(f"{path}: holds kernel {evaluation.kernel_sha256}, its conditions say {kernel}; remove it")
    environment = evaluation.environment and evaluation.environment.model_dump(mode="json", exclude={"device_uuid"})
    if stored.conditions.get("environment") != environment:
        raise RecordError(f"{path}: was measured on {environment}, its conditions say otherwise; remove it")


def _path(folder: Path, conditions: dict[str, Any]) -> Path:
    return folder / f"{address(conditions)}.json"
