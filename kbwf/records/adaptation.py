"""What adaptation leaves behind: its updates, the probe's scores, the trajectory, and what all of it came to and cost.

Axes: N steps of a run from 0.
"""

from pydantic import Field, model_validator

from kbwf.records.base import Record
from kbwf.records.evaluation import Environment
from kbwf.records.origin import Origin


class PolicyUpdate(Record):
    """How a policy came from the one before it. Means are over response tokens, before the first gradient step."""

    policy_id: str
    parent_policy_id: str
    run_id: str
    method: str
    seed: int
    step: int = Field(ge=1)
    settings: dict[str, object]
    """Learning rate, rank, reward and the rest: the run's settings that an update depends on."""
    task_ids: tuple[str, ...]
    """Whose rollouts it learnt from."""
    num_rollouts: int = Field(ge=0)
    temperature: float
    """Of the rollouts."""
    mean_reward: float
    """Of the rollouts, shuffled or not: of the parent policy, then."""
    reward_history: dict[str, tuple[float, ...]]
    """By task id, the last correct speedups: what the next step's rewards are normalised by."""
    num_gradient_steps: int = Field(ge=0)
    no_update_reason: str | None
    """Why the policy is the one before; None if it is not."""
    stopped_reason: str | None
    """The guard that ended the run, at this step or before; the policy is then the one before."""
    num_rollouts_without_solution: int | None
    """Rollouts whose teacher was to read a correct answer and had none; None where no teacher reads one."""
    loss: float
    kl_sample_train_nats: float
    kl_sample_train_v2_nats: float
    max_ratio: float
    entropy_nats: float
    gradient_norm: float
    num_prompt_tokens: int = Field(ge=0)
    num_response_tokens: int = Field(ge=0)
    """What training read, in one gradient step."""
    num_teacher_tokens: int = Field(ge=0)
    num_batches: int = Field(ge=0)
    """Micro-batches of one gradient step."""
    wall_s: float = Field(ge=0)
    """Of loading, learning and saving."""
    gpu_s: float = Field(ge=0)
    """The same on a GPU, else 0."""
    environment: Environment

    @model_validator(mode="after")
    def _consistent(self) -> "PolicyUpdate":
        if (self.num_gradient_steps == 0) != (self.no_update_reason is not None):
            raise ValueError(f"{self.num_gradient_steps} gradient steps and no_update_reason {self.no_update_reason!r}")
        if self.stopped_reason is not None and self.num_gradient_steps:
            raise ValueError("a run that has stopped takes no gradient step")
        return self


class ProbeScore(Origin):
    """NLL of one sample of the base policy under another policy, at temperature 1."""

    probed_policy_id: str
    """Who scored it; `policy_id` drew it."""
    nll_sum_nats: float
    nll_mean_nats: float


class Trajectory(Record):
    """A run's steps by the samples they were chosen by."""

    run_id: str
    policy_ids_N: tuple[str, ...]
    fast_1_N: tuple[float, ...]
    """Sample fast_1."""
    fast_1_by_task_N: tuple[dict[str, float], ...]
    correct_frac_N: tuple[float, ...]
    rolled_back_N: tuple[str | None, ...]
    """Why a step was passed over; None if it was not."""
    num_samples: int = Field(ge=1)
    """Per step."""
    chosen_step: int = Field(ge=0)
    """Best-of-Adaptation's; of an outer loop the last."""
    early_stopping_step: int | None
    """None for an outer loop, as the next two."""
    early_stopping_last_step: int | None
    """The last one it looked at: what it would have cost."""
    per_task_oracle: float | None
    """Mean over tasks of the best step of each: an upper bound."""

    @model_validator(mode="after")
    def _consistent(self) -> "Trajectory":
        if self.chosen_step >= len(self.policy_ids_N):
            raise ValueError(f"step {self.chosen_step} of {len(self.policy_ids_N)} was chosen")
        return self

    @property
    def chosen_policy_id(self) -> str:
        """Of the chosen step."""
        return self.policy_ids_N[self.chosen_step]


class FreshScore(Record):
    """What a policy is worth on samples that nothing was chosen by."""

    policy_id: str
    """The chosen one, or the one that the run began with: the gain is the difference."""
    is_transfer: bool
    """On other tasks than those it learnt from."""
    task_ids: tuple[str, ...]
    seeds: tuple[int, ...]
    num_samples: int = Field(ge=1)
    fast_1: float
    confident_fast_1: float
    """The same by the lower bound of each speedup's interval."""
    correct_frac: float


class Compute(Record):
    """What a run spent until its last step, step 0 included whoever paid for it; fresh samples and the probe apart."""

    num_rollouts: int = Field(ge=0)
    num_evaluations: int = Field(ge=0)
    """Measured, not taken over from an equal kernel."""
    num_evaluations_reused: int = Field(ge=0)
    num_student_prompt_tokens: int = Field(ge=0)
    num_student_response_tokens: int = Field(ge=0)
    """Of the rollouts."""
    num_trained_tokens: int = Field(ge=0)
    """Prompt and response tokens that training read, over all gradient steps."""
    num_teacher_tokens: int = Field(ge=0)
    update_wall_s: float = Field(ge=0)
    update_gpu_s: float = Field(ge=0)
    evaluation_wall_s: float = Field(ge=0)
    evaluation_gpu_s: float = Field(ge=0)


class RunSummary(Record):
    """What a run came to: the chosen step, its score by the samples it was chosen by and by fresh ones, its cost."""

    run_id: str
    name: str
    method: str
    seed: int
    task_ids: tuple[str, ...]
    chosen_step: int
    chosen_policy_id: str
    selection_fast_1: float | None
    """By the samples it was chosen by, which flatter it; None for an outer loop."""
    fresh: tuple[FreshScore, ...]
    num_updates: int = Field(ge=0)
    """Steps with a gradient step."""
    no_update_reasons: dict[int, str]
    """By step."""
    stopped_reason: str | None
    compute: Compute
