"""What the stages hand to each other: one frozen type per noun of the glossary."""

from kbwf.records.base import Record
from kbwf.records.evaluation import (
    Environment,
    EvalStatus,
    Evaluation,
    SandboxReport,
    ScoredSample,
    Timing,
    Verdict,
)
from kbwf.records.sample import Sample
from kbwf.records.selection import Selection
from kbwf.records.task import Split, Task, Variation
from kbwf.records.training import Checkpoint

__all__ = [
    "Checkpoint",
    "Environment",
    "EvalStatus",
    "Evaluation",
    "Record",
    "Sample",
    "SandboxReport",
    "ScoredSample",
    "Selection",
    "Split",
    "Task",
    "Timing",
    "Variation",
    "Verdict",
]
