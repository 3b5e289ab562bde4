"""`Calibration`: what is known of a task on this machine before any kernel is judged. `Confirmation`: a chosen kernel,
measured again."""

from typing import Any, Literal

from pydantic import Field, model_validator

from kbwf.records.base import Record
from kbwf.records.evaluation import Comparison, Environment, Timing
from kbwf.records.origin import SampleSet
from kbwf.records.task import Task


class MemoryNeed(Record):
    """Device memory that judging a task takes."""

    inputs_bytes: int = Field(ge=0)
    """Of one call."""
    outputs_bytes: int = Field(ge=0)
    """Of one call of one program."""
    reference_bytes: int = Field(ge=0)
    """What the reference's call takes besides, its results among it; 0 on a CPU, where nobody counts."""
    total_bytes: int = Field(ge=0)
    """All that the judge, the reference and a kernel that needs as much as the reference take together."""


class Calibration(Record):
    """One task, tried out: whether it can be judged here, and how far a measurement of it errs."""

    task: Task
    refusal: str = ""
    """Why the task cannot be judged, in a sentence; empty if it can."""
    environment: Environment | None = None
    mode: Literal["fast", "full", "adaptive"]
    description: dict[str, Any] | None = None
    """The reference's description (`kbwf.sandbox.messages.Description`), so that no process has to measure it again;
    None where it was refused, or not tried."""
    memory: MemoryNeed | None = None
    degenerate: tuple[str, ...] = ()
    """Which of `zeros` and `constant` KernelBench's rule would let through."""
    ref_failure: str = ""
    """Why KernelBench's rule refuses the reference itself; empty if it does not."""
    pairs: tuple[Timing, ...] = ()
    """The reference as its own kernel, each time in a fresh pair of processes: every speedup should be 1."""
    failures: tuple[str, ...] = ()
    """What the judge said of such a pair instead of a time."""

    @model_validator(mode="after")
    def _consistent(self) -> "Calibration":
        if self.refusal and self.description is not None:
            raise ValueError(f"{self.task.task_id}: a task that is refused has no description, got both")
        return self


class ConfirmedKernel(Record):
    """A kernel's measurements in fresh pairs of processes, none of which had a part in choosing it."""

    kernel_sha256: str
    sample_idxs: tuple[int, ...]
    """The chosen samples that hold it; none for the reference, which is measured beside."""
    num_pairs: int = Field(ge=1)
    """How many measurements were made."""
    failures: tuple[str, ...] = ()
    """What the judge said of those that gave no time: one is enough, and the kernel is not confirmed."""
    speedup: float | None
    """Geometric mean over pairs; None after a failure, as are its bounds."""
    speedup_low: float | None
    speedup_high: float | None
    pair_speedups: tuple[float, ...]
    comparison: Comparison | None
    """None after a failure."""

    @property
    def is_faster(self) -> bool:
        """Confirmed: right in every pair, and the interval lies above 1."""
        return self.comparison == "faster"


class Confirmation(Record):
    """The chosen kernels of one policy, task and seed, and the reference beside them as their control."""

    task_id: str
    policy_id: str
    seed: int
    kernels: tuple[ConfirmedKernel, ...]
    """None where no strategy chose anything."""
    control: ConfirmedKernel | None
    environment: Environment | None = None

    @property
    def sample_set(self) -> SampleSet:
        """The samples that the kernels were chosen among."""
        return SampleSet(self.task_id, self.policy_id, self.seed)

    def of_sample(self, sample_idx: int | None) -> ConfirmedKernel | None:
        """What became of a chosen sample."""
        return next((kernel for kernel in self.kernels if sample_idx in kernel.sample_idxs), None)
