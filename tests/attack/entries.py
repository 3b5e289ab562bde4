"""Entries that the tests of the bank share."""

from pathlib import Path
from typing import Any

from kbwf.attack.bank import Entry
from kbwf.records import EvalStatus


def make_entry(**fields: Any) -> Entry:
    """A cheat called `keeps`, of kind replay, that shall be found out by its values."""
    known: dict[str, Any] = {
        "name": "keeps",
        "kind": "replay",
        "task_path": Path("tasks/scale.py"),
        "kernel_path": Path("cheats/keeps.py"),
        "idea": "the first result is kept",
        "seen": "own idea",
        "device": "any",
        "expected": frozenset({EvalStatus.WRONG_VALUES}),
    }
    return Entry(**{**known, **fields})
