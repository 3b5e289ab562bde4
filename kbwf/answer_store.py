"""Answers of services, by what was asked: what was paid for once is not asked for again.

Where a setting changes and changes back, this package is edited or a folder is lost, Snakemake removes a chunk of
samples and draws it anew. From a model on this machine it comes out as it was; from a service it would cost money, and
be another one.
"""

from collections.abc import Sequence
from pathlib import Path
from typing import Any

from kbwf.content_store import Entry, find_entry, keep_entry
from kbwf.records.sample import Sample

_FOLDER = "answers"


class StoredAnswers(Entry):
    """A chunk; it depends on model, messages, seed, how many, and how they were sampled."""

    samples: tuple[Sample, ...]


def find(folder: Path, conditions: dict[str, Any]) -> tuple[tuple[Sample, ...] | None, str]:
    """The samples that were drawn under exactly these conditions, if any, and why an entry there was not taken."""
    entry, remark = find_entry(folder / _FOLDER, conditions, StoredAnswers)
    return (entry.samples if entry else None), remark


def keep(folder: Path, conditions: dict[str, Any], samples: Sequence[Sample]) -> str:
    """Add an entry; returns why it could not be kept, or an empty text."""
    return keep_entry(folder / _FOLDER, StoredAnswers(conditions=conditions, samples=tuple(samples)))
