"""What the stages hand to each other: one frozen type per noun of the glossary."""

from kbwf.records.adaptation import Compute, FreshScore, PolicyUpdate, ProbeScore, RunSummary, Trajectory
from kbwf.records.base import Record
from kbwf.records.calibration import Calibration, Confirmation, ConfirmedKernel, MemoryNeed
from kbwf.records.checkpoint import Checkpoint
from kbwf.records.evaluation import (
    Comparison,
    Environment,
    EvalStatus,
    Evaluation,
    SandboxReport,
    ScoredSample,
    Timing,
    Verdict,
)
from kbwf.records.origin import BASE, CONTROL, Origin, SampleSet
from kbwf.records.sample import Sample
from kbwf.records.selection import Selection
from kbwf.records.task import Split, Task, Variation

__all__ = [
    "BASE",
    "CONTROL",
    "Calibration",
    "Checkpoint",
    "Comparison",
    "Compute",
    "Confirmation",
    "ConfirmedKernel",
    "Environment",
    "EvalStatus",
    "Evaluation",
    "FreshScore",
    "MemoryNeed",
    "Origin",
    "PolicyUpdate",
    "ProbeScore",
    "Record",
    "RunSummary",
    "Sample",
    "SampleSet",
    "SandboxReport",
    "ScoredSample",
    "Selection",
    "Split",
    "Task",
    "Timing",
    "Trajectory",
    "Variation",
    "Verdict",
]
