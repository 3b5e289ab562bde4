"""`Selection`: what a strategy chose for one task, and what that choice is worth."""

from pydantic import Field, model_validator

from kbwf.records.base import Record
from kbwf.records.origin import SampleSet


class Selection(Record):
    """One strategy's choice among the samples of one policy, task and seed."""

    task_id: str
    policy_id: str
    seed: int
    strategy: str
    surprisal: str
    """`mean` or `sum`: which NLL ranked the samples."""
    num_samples: int = Field(ge=0)
    num_correct: int = Field(ge=0)
    sample_idx: int | None
    """The chosen sample; None if no sample is correct, and for `random`, which is an expectation over all correct."""
    fast_1: float = Field(ge=0, le=1)
    """1 if the choice has speedup > 1, else 0; for `random` the expected value. 0 if nothing is correct."""
    confident_fast_1: float = Field(ge=0, le=1)
    """The same with the lower bound of the speedup's interval."""
    speedup: float | None
    """Of the choice (expected, for `random`); None if nothing is correct."""
    speedup_low: float | None
    speedup_high: float | None
    surprisal_nats: float | None
    unavailable: str = ""
    """Why the strategy could not choose, where something it needs is missing; the numbers then say nothing."""
    num_timings_used: int = Field(ge=0)
    """How many samples' times the strategy looked at: 0 for rankings, m for top-m, all correct for the oracle."""
    num_evaluations_used: int = Field(ge=0)
    """How many samples the strategy had judged: all of them, but m for surprisal_first, whose `num_correct` are among
    these."""

    @model_validator(mode="after")
    def _consistent(self) -> "Selection":
        if self.num_correct == 0 and (self.sample_idx is not None or self.speedup is not None or self.fast_1 > 0):
            raise ValueError(f"{self.task_id}: a choice without a correct sample")
        if self.unavailable and (self.sample_idx is not None or self.speedup is not None or self.fast_1 > 0):
            raise ValueError(f"{self.task_id}: a choice by a strategy that could not choose: {self.unavailable}")
        return self

    @property
    def sample_set(self) -> SampleSet:
        """The samples that it is a choice among."""
        return SampleSet(self.task_id, self.policy_id, self.seed)
