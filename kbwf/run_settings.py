"""The settings of adaptation: a run of the configuration's list `runs`, with its blocks."""

import json
from typing import Annotated, Any, Literal

from pydantic import Field, model_validator

from kbwf.settings_block import Seed, Settings


class RewardSettings(Settings):
    """What an evaluation is worth to training."""

    kind: Literal["raw", "normalized", "sparse"] = "normalized"
    """raw: speedup · normalized: speedup by the running median of the task's correct speedups · sparse: 1 if the
    speedup is above p. 0 if not correct."""
    bonus: float = Field(default=0.0, ge=0)
    """raw and normalized: added if correct."""
    p: float = Field(default=1.0, gt=0)
    """sparse: the threshold."""


class GuardrailSettings(Settings):
    """When a step is worse than the base policy, and passed over when a step is chosen."""

    is_on: bool = True
    """Whether steps are passed over at all."""
    min_correct_frac: float = Field(default=0.0, ge=0, le=1)
    """Fraction of samples that must be correct."""
    may_lose_correctness: bool = False
    """Whether the fraction correct may be below the base policy's."""
    max_runtime_ratio: float = Field(default=1.5, gt=0)
    """Of the step's median runtime to the base policy's."""


class StopSettings(Settings):
    """rlvr: when a run stops by itself. The steps after that keep the last policy."""

    max_kl_nats: float = Field(default=0.01, gt=0)
    """KL(sample, train) per token: how far the trainer is from what drew the rollouts."""
    min_reward_frac: float = Field(default=0.1, ge=0, le=1)
    """Of the previous step's mean reward."""


RunTasks = Literal["study", "train", "eval", "each"] | tuple[Annotated[int, Field(ge=1)], ...]

_OF_METHODS = {
    "reward": ("grpo", "rlvr"), "advantage": ("grpo", "rlvr"), "is_shuffled": ("grpo", "rlvr"),
    "entropy_coefficient": ("grpo", "rlvr"), "teacher": ("sdpo",), "has_feedback": ("sdpo",),
    "has_solution": ("sdpo",), "beta": ("sdpo",), "top_k": ("sdpo-topk",), "divergence": ("sdpo-topk",),
    "guardrail": ("grpo", "sdpo", "sdpo-topk"), "patience": ("grpo", "sdpo", "sdpo-topk"),
    "tasks_per_step": ("rlvr",), "stop": ("rlvr",),
}  # fmt: skip


class RunSettings(Settings):
    """An adaptation of the base policy: a trajectory of steps for every seed (and for every task, with `tasks: each`).
    Its policies are called `{name}_seed{seed}.step{n}`."""

    name: str = Field(pattern=r"^[a-z][a-z0-9-]*$")
    """Lower-case letters, digits and hyphens."""
    method: Literal["grpo", "sdpo", "sdpo-topk", "rlvr"]
    """grpo: test-time training · sdpo: self-distillation after arXiv 2602.07670 · sdpo-topk: after arXiv 2601.20802 ·
    rlvr: the outer loop, in batches of tasks; no step of it is chosen, its last one counts."""
    tasks: RunTasks
    """What it learns from: the study's tasks, a side of the split, a list of problem ids, or each of the study's tasks
    in a run of its own."""
    transfer_to: RunTasks | None = None
    """Tasks that the chosen policy answers besides, `each` apart; None: none, but for rlvr the study's."""
    num_steps: int = Field(default=5, ge=1)
    """Updates. More of them leave those there are alone."""
    rollouts_per_task: int = Field(default=32, ge=1)
    """Samples per task and step, a multiple of sampling.chunk_size."""
    seeds: tuple[Seed, ...] = (0,)
    """Of rollouts, new adapters and shuffled rewards; with a seed of the study, step 0 shares its samples."""
    fresh_seeds: tuple[Seed, ...] = (1000,)
    """Sampling seeds of the samples that the chosen step is reported on: those it was chosen by flatter it."""
    learning_rate: float = Field(default=1e-5, gt=0)
    """Of Adam."""
    lora_rank: int = Field(default=16, ge=1)
    """At most the model's width."""
    num_gradient_steps: int = Field(default=1, ge=1)
    """Steps of the optimizer per update, each over all rollouts."""
    temperature: float | None = Field(default=None, gt=0, le=10)
    """Of the rollouts; None: that of the study. With another, the base policy is sampled at it under a name of its
    own."""
    max_tokens: int | None = Field(default=None, ge=1)
    """Response tokens at most; None: as many as in the study."""
    is_probed: bool = True
    """Whether every step scores the base policy's samples: the over-sharpening probe."""
    reward: RewardSettings = RewardSettings()
    """grpo, rlvr."""
    advantage: Literal["batch_normalized", "group_centered", "group_normalized", "leave_one_out"] = "batch_normalized"
    """grpo, rlvr: what a reward is compared with."""
    is_shuffled: bool = False
    """grpo, rlvr: rewards are dealt out at random, the control that must not learn."""
    entropy_coefficient: float = Field(default=0.0, ge=0)
    """grpo, rlvr: bonus per nat of entropy, against over-sharpening."""
    teacher: Literal["live", "base"] = "live"
    """sdpo: whose weights teach. That of sdpo-topk is a moving average."""
    has_feedback: bool = True
    """sdpo: whether the teacher reads what the judge said."""
    has_solution: bool = False
    """sdpo: whether the teacher reads a correct answer by another rollout, where there is one."""
    beta: float = Field(default=1.0, gt=0)
    """sdpo: factor of the advantages."""
    top_k: int = Field(default=100, ge=1)
    """sdpo-topk: likeliest tokens that are distilled."""
    divergence: Literal["jensen_shannon", "reverse_kl"] = "jensen_shannon"
    """sdpo-topk: of student and teacher."""
    guardrail: GuardrailSettings = GuardrailSettings()
    """All but rlvr."""
    patience: int = Field(default=1, ge=1)
    """All but rlvr: steps without a better one until early stopping stops."""
    tasks_per_step: int = Field(default=8, ge=1)
    """rlvr: tasks of one update."""
    stop: StopSettings = StopSettings()
    """rlvr: its guards."""

    @model_validator(mode="after")
    def _agree(self) -> "RunSettings":
        unread = [key for key in _OF_METHODS if key in self.model_fields_set and self.method not in _OF_METHODS[key]]
        if unread:
            raise ValueError(
                f"{unread[0]} is read by {' and '.join(_OF_METHODS[unread[0]])} only, and run {self.name!r} has method"
                f" {self.method}; remove it"
            )
        for key in ("tasks", "transfer_to"):
            ids = getattr(self, key)
            if isinstance(ids, tuple) and len(set(ids)) != max(1, len(ids)):
                raise ValueError(
                    f"{key} of run {self.name!r} must be different problem ids, at least one; got {list(ids)}"
                )
        if self.transfer_to == "each":
            raise ValueError(f"transfer_to of run {self.name!r} is 'each'; name study, train, eval or problem ids")
        if not self.seeds or len(set(self.seeds)) != len(self.seeds):
            raise ValueError(f"seeds of run {self.name!r} must be different, at least one; got {list(self.seeds)}")
        if not self.fresh_seeds or set(self.fresh_seeds) & set(self.seeds):
            raise ValueError(
                f"fresh_seeds of run {self.name!r} must be seeds that are not among its seeds {list(self.seeds)}, at"
                f" least one; got {list(self.fresh_seeds)}"
            )
        return self

    def read_by_update(self) -> dict[str, Any]:
        """What an update depends on besides its rollouts: not how many steps follow, nor which one is chosen."""
        left_out = {
            "name", "tasks", "transfer_to", "num_steps", "rollouts_per_task", "seeds", "fresh_seeds", "temperature",
            "max_tokens", "is_probed", "guardrail", "patience", "tasks_per_step",
        }  # fmt: skip
        unread = {key for key, methods in _OF_METHODS.items() if self.method not in methods}
        return self.model_dump(mode="json", exclude=left_out | unread)

    def update_param(self) -> str:
        """The same as one JSON string; the stage makes these settings of it, with a name and tasks that it ignores."""
        return json.dumps(self.read_by_update(), sort_keys=True)

    @classmethod
    def from_update_param(cls, text: str) -> "RunSettings":
        """What an update is told; everything it does not read has its default."""
        return cls.model_validate({"name": "run", "tasks": "study", **json.loads(text)})
