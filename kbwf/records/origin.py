"""`Origin`: which response a record is about. The names of the policies that every study has."""

from typing import NamedTuple

from pydantic import Field

from kbwf.records.base import Record

BASE = "base"
"""Policy id of the starting policy: step 0 of every run."""
CONTROL = "identity"
"""Policy id of the A/A control, which answers every task with the reference's own forward body."""


class SampleSet(NamedTuple):
    """All samples of one policy for one task under one seed: what strategies choose from."""

    task_id: str
    policy_id: str
    seed: int

    def __str__(self) -> str:
        """As in messages."""
        return f"{self.task_id}, policy {self.policy_id}, seed {self.seed}"


class Origin(Record):
    """Task, policy, seed and index: they name one sample, and its evaluation."""

    task_id: str
    policy_id: str
    seed: int
    """The study's sampling seed; the seed of the draw also depends on task and chunk."""
    sample_idx: int = Field(ge=0)
    """Position among all samples of this policy, task and seed."""

    @property
    def origin(self) -> "Origin":
        """These four fields alone."""
        return Origin(task_id=self.task_id, policy_id=self.policy_id, seed=self.seed, sample_idx=self.sample_idx)

    @property
    def sample_set(self) -> SampleSet:
        """Those it was drawn with."""
        return SampleSet(self.task_id, self.policy_id, self.seed)

    def __str__(self) -> str:
        """As in messages."""
        return f"{self.sample_set}, sample {self.sample_idx}"
