"""`Evaluation`: what the judge found out about one kernel. `ScoredSample`: a sample joined with its evaluation."""

from collections.abc import Iterable
from enum import StrEnum
from typing import Annotated, Literal

from pydantic import Field, model_validator

from kbwf.records.base import Record
from kbwf.records.origin import Origin, SampleSet
from kbwf.records.sample import Sample


class EvalStatus(StrEnum):
    """Outcome of an evaluation; every value but PASSED is a result too, never an exception."""

    PASSED = "passed"
    """Right outputs in every trial, by the hardened rule, and by KernelBench's unless that refuses the reference too;
    only then there is a speedup."""
    NO_KERNEL = "no_kernel"
    """The response holds no kernel; `message` says why."""
    COMPILE_ERROR = "compile_error"
    """Source that cannot be compiled or imported, or a `ModelNew` that cannot be built."""
    RUNTIME_ERROR = "runtime_error"
    """`forward` raised."""
    WRONG_TYPE = "wrong_type"
    """The result is no plain `torch.Tensor`."""
    WRONG_SHAPE = "wrong_shape"
    WRONG_DTYPE = "wrong_dtype"
    """The result has another dtype or lies on another device."""
    WRONG_VALUES = "wrong_values"
    """Values beyond tolerance, in a trial or in a timed call."""
    INPUT_CHANGED = "input_changed"
    """An input differs after the call, or the result shares memory with one although the reference's does not."""
    TIMEOUT = "timeout"
    """Wall-clock limit reached; the process was killed."""
    CRASHED = "crashed"
    """The process ended by itself: a signal, an exit, an illegal access, memory exhausted."""
    TASK_REFUSED = "task_refused"
    """The task cannot be judged on this machine; `message` says why. Nothing was measured, and it counts nowhere."""
    FLAGGED = "flagged"
    """Something is not believable: an answer that is none, a result that came late, a time that is no time."""


Comparison = Literal["faster", "same", "slower", "unsure"]
"""By the interval: faster: above 1 · slower: below 1 · same: within 2 % of 1 · unsure: anything else."""
_SAME_FRAC = 0.02


def compare_with_1(low: float, high: float) -> Comparison:
    """What an interval of a speedup says."""
    if low > 1:
        return "faster"
    if high < 1:
        return "slower"
    return "same" if low >= 1 / (1 + _SAME_FRAC) and high <= 1 + _SAME_FRAC else "unsure"


class Environment(Record):
    """Hardware and software that the numbers belong to."""

    device: str
    """`NVIDIA H200`, or `cpu: ` and the processor's name."""
    device_uuid: str | None = None
    driver: str | None = None
    torch: str
    cuda: str | None = None
    python: str
    num_threads: int | None = None
    """CPU threads torch used, for evaluations on the CPU."""


class SandboxReport(Record):
    """What confined the candidate, and what this host did not permit."""

    applied: tuple[str, ...]
    missing: tuple[str, ...] = ()


class Verdict(Record):
    """Correctness trials with fresh secret inputs, under one rule (`kbwf/verdict/tolerance.py`)."""

    is_correct: bool
    num_trials: int = Field(ge=0)
    num_trials_correct: int = Field(ge=0)
    max_abs_error: float | None = None
    """The largest of the trials that were right."""
    tolerance: float | None = None
    """Absolute and relative alike; None for the hardened verdict, whose bound depends on the results."""


MAX_RUNTIME_MS, MAX_SPEEDUP = 1e12, 1e15
"""More than any clock can say: what is beyond was written by no judge, and means and sums of it overflow."""
BlockMs = Annotated[float, Field(gt=0, le=MAX_RUNTIME_MS)]
POWER_CAP = "power cap"
"""At full load a card runs at it all the time: it is no throttling."""


class Timing(Record):
    """Reference and kernel, timed in alternating blocks."""

    ref_runtime_ms: float = Field(gt=0, le=MAX_RUNTIME_MS)
    """Median over blocks of the reference's median call."""
    runtime_ms: float = Field(gt=0, le=MAX_RUNTIME_MS)
    speedup: float = Field(gt=0, le=MAX_SPEEDUP)
    """Median over blocks of (reference's median / kernel's median)."""
    speedup_low: float = Field(gt=0, le=MAX_SPEEDUP)
    """Interval over blocks (bootstrap; of fewer than ten Student's), `confidence_level` wide; with `pair_std` also over
    pairs of processes."""
    speedup_high: float = Field(gt=0)
    confidence_level: float = Field(default=0.95, gt=0, lt=1)
    num_blocks: int = Field(ge=1)
    num_perf_trials: int = Field(ge=1)
    """Timed calls of the kernel, and as many of the reference."""
    block_ref_runtime_ms: tuple[BlockMs, ...]
    block_runtime_ms: tuple[BlockMs, ...]

    launched_runtime_ms: float | None = None
    """Where calls are so short that they were timed as CUDA graphs: the runtime and speedup without them."""
    launched_speedup: float | None = None
    is_by_single_calls: bool = False
    """Requests of several calls promised more than single calls save: runtime and speedup are those of single calls."""
    pair_std: float | None = None
    """Standard deviation of a log speedup between pairs of processes, from the task's calibration; None without one."""
    num_pairs: int = Field(default=0, ge=0)
    """How many pairs it comes from."""
    clock_mhz: tuple[Annotated[int, Field(ge=0)], Annotated[int, Field(ge=0)]] | None = None
    """On a GPU: the lowest and highest frequency of its multiprocessors, before and after each block."""
    held_back_by: tuple[str, ...] = ()
    """What held that frequency back then: the power cap, heat, a power brake, the hardware's own slowdown."""
    num_repeated_blocks: int = Field(default=0, ge=0)
    """Blocks that were timed again because something else than the power cap held it back."""
    num_throttled_blocks: int = Field(default=0, ge=0)
    """Blocks that count although something did, since it did not end."""

    @model_validator(mode="after")
    def _consistent(self) -> "Timing":
        if not self.speedup_low <= self.speedup <= self.speedup_high:
            raise ValueError(f"speedup {self.speedup} outside [{self.speedup_low}, {self.speedup_high}]")
        if not self.num_blocks == len(self.block_ref_runtime_ms) == len(self.block_runtime_ms):
            raise ValueError("one median per block is needed for reference and kernel")
        return self

    @property
    def comparison(self) -> Comparison:
        """Faster than the reference, the same, slower, or unsure."""
        return compare_with_1(self.speedup_low, self.speedup_high)


class Evaluation(Origin):
    """Status, verdict and times of one sample's kernel."""

    status: EvalStatus
    message: str = ""
    """Why it is not PASSED, in one line."""
    trace: str = ""
    """The kernel's own last words: traceback or output, capped."""
    kernel_source: str | None
    """What was evaluated: extracted from the response; None with NO_KERNEL and TASK_REFUSED."""
    kernel_sha256: str | None
    """Content address: of its text, every character."""
    official: Verdict | None = None
    """KernelBench's rule on inputs as the task draws them."""
    hardened: Verdict | None = None
    """Errors in units of the result's own variation, on these inputs and on others that the task admits."""
    degenerate: tuple[str, ...] = ()
    """Which of `zeros` and `constant` KernelBench's rule would let through on this task."""
    ref_failure: str = ""
    """Why KernelBench's rule refuses the reference itself, held against float64; empty if it does not."""
    timing: Timing | None = None
    environment: Environment | None = None
    sandbox: SandboxReport | None = None
    mode: Literal["fast", "full", "adaptive"]
    module_mode: Literal["train", "eval"] = "train"
    may_use_tf32: bool = True
    """False where the reference's rounding to TF32 hid its own result, so that both were judged without."""
    is_reused: bool = False
    """Taken from an earlier measurement of the same kernel under the same conditions."""
    seconds_s: dict[str, float] = Field(default_factory=dict)
    """Where the time went, by phase."""

    @model_validator(mode="after")
    def _consistent(self) -> "Evaluation":
        if (self.timing is not None) != (self.status == EvalStatus.PASSED):
            raise ValueError(f"{self.status} with timing {self.timing}: timing belongs to PASSED and only to it")
        if (self.kernel_source is None) != (self.status in (EvalStatus.NO_KERNEL, EvalStatus.TASK_REFUSED)):
            raise ValueError(
                f"{self.status}: a kernel source is missing with NO_KERNEL and TASK_REFUSED, and only then"
            )
        if (self.kernel_source is None) != (self.kernel_sha256 is None):
            raise ValueError("kernel_source and kernel_sha256 come together")
        return self

    @property
    def is_correct(self) -> bool:
        """PASSED: hence compiled, right outputs, not flagged."""
        return self.status == EvalStatus.PASSED

    @property
    def is_refused(self) -> bool:
        """Of a task that cannot be judged: it counts nowhere."""
        return self.status == EvalStatus.TASK_REFUSED

    @property
    def speedup(self) -> float | None:
        """`ref_runtime_ms / runtime_ms` by blocks, or None if not correct."""
        return self.timing.speedup if self.timing else None


class ScoredSample(Record):
    """A sample joined with its evaluation."""

    sample: Sample
    evaluation: Evaluation

    @model_validator(mode="after")
    def _consistent(self) -> "ScoredSample":
        if self.sample.origin != self.evaluation.origin:
            raise ValueError(f"sample {self.sample.origin} joined with the evaluation of {self.evaluation.origin}")
        return self

    @property
    def sample_set(self) -> SampleSet:
        """Those it was drawn with."""
        return self.sample.sample_set


def judged(scored: Iterable[ScoredSample]) -> list[ScoredSample]:
    """Those of tasks that can be judged; all of them where none can: what is made of such tasks alone ends in zeros."""
    found = list(scored)
    return [one for one in found if not one.evaluation.is_refused] or found
