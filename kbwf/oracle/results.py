"""What becomes of kernels: the words of an analysis."""

from dataclasses import dataclass
from typing import Literal

Fate = Literal["unanswered", "stillborn", "killed", "survived", "equivalent"]


@dataclass(frozen=True)
class Outcome:
    """What became of one kernel."""

    fate: Fate
    """unanswered: hangs, or brings its process down · stillborn: raises, or its output's type, shape or dtype is wrong
    at once (either is seen by any judge) · else the hardened verdict, survivors told apart by float64."""
    is_killed_officially: bool
    killed_by: str = ""
    """The trial that refused it first under the hardened rule."""
    reason: str = ""
    """Why it was refused, or why it was not."""


@dataclass(frozen=True)
class Examined:
    """One mutant and what became of it."""

    rule: str
    change: str
    """Of a survivor: its lines that the kernel did not have."""
    outcome: Outcome


@dataclass(frozen=True)
class TaskResult:
    """One task."""

    task_id: str
    name: str
    failure: str = ""
    """Why the task could not be examined; then the rest is empty."""
    trials: tuple[str, ...] = ()
    degenerate: tuple[str, ...] = ()
    """Which of `zeros` and `constant` pass the official trials."""
    honest: tuple[Outcome, ...] = ()
    """Of the right kernels."""
    mutants: tuple[Examined, ...] = ()
