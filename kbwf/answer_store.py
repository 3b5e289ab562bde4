"""Answers of services, by what was asked: what was paid for once is not asked for again.

Where a setting changes and changes back, this package is edited or a folder is lost, Snakemake removes a chunk of
samples and draws it anew. From a model on this machine it comes out as it was; from a service it would cost money, and
be another one. One file per chunk, named by the hash of its conditions and holding them. It appears by a rename, and
one that cannot be read is one that was never there.
"""

from collections.abc import Sequence
from pathlib import Path
from typing import Any, NamedTuple

from kbwf.errors import KbwfError, RecordError
from kbwf.records.base import Record, canonical_json, sha256_of
from kbwf.records.sample import Sample
from kbwf.store import write_record


class StoredAnswers(Record):
    """An entry of the store."""

    conditions: dict[str, Any]
    """Whatever the answers depend on: model, messages, seed, how many, and how they were sampled."""
    samples: tuple[Sample, ...]


class Answers(NamedTuple):
    """What a look into the store gave."""

    samples: tuple[Sample, ...] | None
    remark: str = ""
    """Why an entry that is there was not taken."""


def find(folder: Path, conditions: dict[str, Any]) -> Answers:
    """The samples that were drawn under exactly these conditions, if any."""
    path = _path(folder, conditions)
    try:
        stored = StoredAnswers.from_json(path.read_text(encoding="utf-8"), str(path))
        if stored.conditions != conditions:
            raise RecordError(f"{path}: its conditions belong under another name; remove it")
    except FileNotFoundError:
        return Answers(None)
    except (OSError, UnicodeDecodeError, RecordError) as error:
        return Answers(None, f"kept answers were not taken: {error}")
    return Answers(stored.samples)


def keep(folder: Path, conditions: dict[str, Any], samples: Sequence[Sample]) -> str:
    """Add an entry; returns why it could not be kept, or an empty text: a full disk does not cost the samples."""
    try:
        write_record(_path(folder, conditions), StoredAnswers(conditions=conditions, samples=tuple(samples)))
    except KbwfError as error:
        return f"answers not kept: {error}"
    return ""


def _path(folder: Path, conditions: dict[str, Any]) -> Path:
    return folder / "answers" / f"{sha256_of(canonical_json(conditions))}.json"
