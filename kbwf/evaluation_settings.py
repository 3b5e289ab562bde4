"""Block `evaluation` of the configuration."""

from typing import Literal

from pydantic import Field

from kbwf.settings_block import Settings


class EvaluationSettings(Settings):
    """How the judge compiles, checks and times a kernel."""

    mode: Literal["fast", "full", "adaptive"] = "full"
    """fast: 1 correctness trial, 5 timed calls · full: 5 and 50 · adaptive: 5 trials, blocks until the interval is
    narrow or the budget spent."""
    device: Literal["auto", "cpu", "cuda"] = "auto"
    """Where kernels run; auto takes a GPU if there is one."""
    num_threads: int = Field(default=1, ge=1)
    """CPU threads of reference and kernel alike, when kernels run on the CPU."""
    timeout_s: float = Field(default=60.0, gt=0)
    """Time one kernel may run, what it compiles then (torch.compile, Triton) included; while the reference runs it
    stands still."""
    compile_timeout_s: float = Field(default=180.0, gt=0)
    """Time the C++ and CUDA extensions of one kernel may take to compile, before it is loaded."""
    reference_timeout_s: float = Field(default=120.0, gt=0)
    """Time the reference may take for what it is asked at once; a task that takes longer cannot be judged."""
    max_memory_gb: float = Field(default=4.0, gt=0)
    """Host memory that a kernel's processes may take together beyond what they start with; on a GPU too."""
    sandbox: Literal["auto", "require"] = "auto"
    """auto: what the host forbids is recorded and warned about · require: refuse to run without full isolation."""
    target_interval_frac: float = Field(default=0.02, gt=0, lt=1)
    """adaptive: stop when the speedup's interval is narrower than this fraction of the speedup."""
    budget_s: float = Field(default=3.0, gt=0)
    """adaptive: seconds of timed calls at most."""
    num_identity_pairs: int = Field(default=5, ge=0)
    """Before a task is sampled, its reference is measured as its own kernel in so many fresh pairs of processes: how
    far they differ is part of every interval. 0 leaves it out."""
    reuse: bool = True
    """Measure equal kernels once. The identity control is always measured anew."""
