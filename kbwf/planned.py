"""What is planned: a policy that samples are drawn from, and a run of training."""

import random
from typing import NamedTuple

from kbwf.policies.table import Backend
from kbwf.run_settings import RunSettings
from kbwf.settings import SamplingSettings


class PlannedPolicy(NamedTuple):
    """A policy of the study, as the rules need it."""

    backend: Backend
    sampling: SamplingSettings
    """How many samples it draws, and how."""
    settings: str
    """What its samples depend on of what its backend is told, as JSON."""
    access: str
    """The rest of it, as JSON: where a server is, how long to wait for it. No sample is drawn anew for it."""
    is_demo: bool
    """Whether the demo policy must be trained first."""


class PlannedRun(NamedTuple):
    """One trajectory: a run of the configuration under one of its seeds, maybe for one task alone."""

    run_id: str
    """`{name}_seed{seed}`, or `{name}_{task}_seed{seed}` with `tasks: each`."""
    settings: RunSettings
    seed: int
    task_ids: tuple[str, ...]
    """What it learns from."""
    transfer_ids: tuple[str, ...]
    """What its chosen policy answers besides."""
    start: str
    """Policy id of step 0."""
    sampling: SamplingSettings
    """Of its rollouts."""

    def policy_at(self, step: int) -> str:
        """Policy id after so many updates."""
        return f"{self.run_id}.step{step}" if step else self.start

    @property
    def steps(self) -> range:
        """Numbers of its updates."""
        return range(1, self.settings.num_steps + 1)

    @property
    def is_outer_loop(self) -> bool:
        """Whether each update takes another batch of tasks, so that steps cannot be compared by their rollouts."""
        return self.settings.method == "rlvr"

    def tasks_of_update(self, step: int) -> tuple[str, ...]:
        """Whose rollouts the update learns from: all tasks; of an outer loop, the next batch of a new order each round.

        A batch may begin in one round and end in the next; a task is in it once.
        """
        if not self.is_outer_loop:
            return self.task_ids
        size = min(self.settings.tasks_per_step, len(self.task_ids))
        batch: list[str] = []
        position = (step - 1) * size
        while len(batch) < size:
            epoch, place = divmod(position, len(self.task_ids))
            order = random.Random(f"{self.seed}/{epoch}").sample(self.task_ids, len(self.task_ids))
            batch += [order[place]] if order[place] not in batch else []
            position += 1
        return tuple(sorted(batch))
