"""Measurements by content: an equal kernel under equal conditions takes an earlier evaluation over."""

from pathlib import Path
from typing import Any

from kbwf.content_store import Entry, find_entry, keep_entry, path_of
from kbwf.errors import RecordError
from kbwf.records.evaluation import Evaluation


class StoredEvaluation(Entry):
    """It depends on task, kernel, settings, hardware, software, and the judge's code."""

    evaluation: Evaluation

    def check(self, path: Path) -> None:
        """Kernel and environment are those of the conditions."""
        super().check(path)
        kernel, evaluation = self.conditions.get("kernel"), self.evaluation
        if kernel != evaluation.kernel_sha256:
            raise RecordError(
                f"{path}: holds kernel {evaluation.kernel_sha256}, its conditions say {kernel}; remove it"
            )
        environment = evaluation.environment and evaluation.environment.model_dump(mode="json", exclude={"device_uuid"})
        if self.conditions.get("environment") != environment:
            raise RecordError(f"{path}: was measured on {environment}, its conditions say otherwise; remove it")


def find(folder: Path, conditions: dict[str, Any]) -> tuple[Evaluation | None, str]:
    """The evaluation kept under exactly these conditions, which counts as used now, and why an entry was not taken."""
    entry, remark = find_entry(folder, conditions, StoredEvaluation)
    return (entry.evaluation if entry else None), remark


def has(folder: Path, conditions: dict[str, Any]) -> bool:
    """Whether there is an entry, which `find` may still refuse."""
    return path_of(folder, conditions).is_file()


def keep(folder: Path, conditions: dict[str, Any], evaluation: Evaluation) -> str:
    """Add an entry, or replace one that cannot be read; returns why it could not be kept, or an empty text."""
    return keep_entry(folder, StoredEvaluation(conditions=conditions, evaluation=evaluation))
