"""What the stages hand to each other: one frozen type per noun of the glossary."""

from kbwf.records.adaptation import Compute, FreshScore, PolicyUpdate, ProbeScore, RunSummary, Trajectory
from kbwf.records.base import Record
from kbwf.records.checkpoint import Checkpoint
from kbwf.records.evaluation import (
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
    "Checkpoint",
    "Compute",
    "Environment",
    "EvalStatus",
    "Evaluation",
    "FreshScore",
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
