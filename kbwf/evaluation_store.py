"""Measurements by content: an equal kernel under equal conditions takes an earlier evaluation over."""

import math
import os
from functools import partial
from pathlib import Path
from statistics import median
from typing import Any

from kbwf.content_store import Entry, find_entry, keep_entry, path_of
from kbwf.errors import RecordError
from kbwf.records.base import sha256_of
from kbwf.records.evaluation import EvalStatus, Evaluation, Timing

REUSABLE = frozenset(EvalStatus) - {
    EvalStatus.TIMEOUT, EvalStatus.CRASHED, EvalStatus.FLAGGED, EvalStatus.TASK_REFUSED
}  # fmt: skip
"""What may go otherwise the next time is not taken over from an earlier measurement."""
_ROUNDING = 1e-6


class StoredEvaluation(Entry):
    """It depends on task, kernel, settings, hardware, software, and the judge's code."""

    evaluation: Evaluation

    def check(self, path: Path) -> None:
        """Kernel, mode and environment are those of the conditions, and the speedup is that of its blocks."""
        super().check(path)
        kernel, evaluation = self.conditions.get("kernel"), self.evaluation
        if kernel != evaluation.kernel_sha256:
            raise RecordError(
                f"{path}: holds kernel {evaluation.kernel_sha256}, its conditions say {kernel}; remove it"
            )
        if sha256_of(evaluation.kernel_source or "") != kernel:
            raise RecordError(f"{path}: its kernel is not the one that its digest names; remove it")
        if evaluation.status not in REUSABLE:
            raise RecordError(f"{path}: {evaluation.status.value} may go otherwise the next time; remove it")
        settings = self.conditions.get("settings")
        if not isinstance(settings, dict) or settings.get("mode") != evaluation.mode:
            raise RecordError(
                f"{path}: was measured in mode {evaluation.mode}, its conditions say otherwise; remove it"
            )
        if evaluation.timing is not None and not _is_of_its_blocks(evaluation.timing):
            raise RecordError(f"{path}: its blocks do not give a speedup of {evaluation.timing.speedup:g}; remove it")
        environment = evaluation.environment and evaluation.environment.model_dump(mode="json", exclude={"device_uuid"})
        if self.conditions.get("environment") != environment:
            raise RecordError(f"{path}: was measured on {environment}, its conditions say otherwise; remove it")


def _is_of_its_blocks(timing: Timing) -> bool:
    """Medians of their runtimes and of their ratios; a longer runtime and less where single calls saved less."""
    pairs = zip(timing.block_ref_runtime_ms, timing.block_runtime_ms, strict=True)
    most = median(ref_ms / own_ms for ref_ms, own_ms in pairs)
    ref_ms, own_ms = median(timing.block_ref_runtime_ms), median(timing.block_runtime_ms)
    if timing.is_by_single_calls:
        return math.isclose(timing.ref_runtime_ms, ref_ms, rel_tol=_ROUNDING) and timing.speedup <= most * (
            1 + _ROUNDING
        )
    found = (timing.ref_runtime_ms, timing.runtime_ms, timing.speedup)
    return all(map(partial(math.isclose, rel_tol=_ROUNDING), found, (ref_ms, own_ms, most)))


def find(folder: Path, conditions: dict[str, Any]) -> tuple[Evaluation | None, str]:
    """The evaluation kept under exactly these conditions, which counts as used now, and why an entry was not taken."""
    entry, remark = find_entry(folder, conditions, StoredEvaluation)
    return (entry.evaluation if entry else None), remark


def has(folder: Path, conditions: dict[str, Any]) -> bool:
    """Whether there is an entry, which `find` may still refuse."""
    return os.path.isfile(path_of(folder, conditions))


def keep(folder: Path, conditions: dict[str, Any], evaluation: Evaluation) -> str:
    """Add an entry, or replace one that cannot be read; returns why it could not be kept, or an empty text."""
    return keep_entry(folder, StoredEvaluation(conditions=conditions, evaluation=evaluation))
