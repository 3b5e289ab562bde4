"""What an update of a policy is asked for, and what it says it did.

Stands here and not beside what draws samples: an edit of the training examples must not draw samples anew.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal, Protocol

from kbwf.records import Checkpoint
from kbwf.training.datums import Datum, DistillationDatum, Messages
from kbwf.training.objective import Divergence
from kbwf.training.self_distillation import TeacherKind


@dataclass(frozen=True)
class UpdateReport:
    """What an update did. Means are over response tokens, before the first of its gradient steps."""

    num_gradient_steps: int
    no_update_reason: str | None
    """Why there was no gradient step; the policy is then the one before, and all numbers below are 0."""
    loss: float = 0.0
    kl_sample_train_nats: float = 0.0
    """Mean of logp_old - logp: how far the trainer is from what drew the rollouts. 0 for distillation."""
    kl_sample_train_v2_nats: float = 0.0
    """Half the mean of its square."""
    max_ratio: float = 0.0
    """Largest exp(logp - logp_old) of all gradient steps."""
    entropy_nats: float = 0.0
    gradient_norm: float = 0.0
    num_prompt_tokens: int = 0
    num_response_tokens: int = 0
    num_teacher_tokens: int = 0
    """Prompt and response tokens that the teacher read."""
    num_batches: int = 0
    """Micro-batches of one gradient step."""


class Trainer(Protocol):
    """Updates a policy. The losses are those of `kbwf.training.objective`."""

    def update(
        self,
        data: Sequence[Datum],
        learning_rate: float,
        num_gradient_steps: int = 1,
        entropy_coefficient: float = 0.0,
    ) -> UpdateReport:
        """Optimizer steps on the importance-sampling policy gradient, each over all of the data.

        Raises:
            PolicyError: an example does not fit the context, the model gave numbers that are none, or the GPU's memory
                is too small for a single example. The policy is then what it was before the failed step.
        """

    def distill(
        self,
        data: Sequence[DistillationDatum],
        learning_rate: float,
        num_gradient_steps: int = 1,
        top_k: int = 100,
        divergence: Divergence = "jensen_shannon",
    ) -> UpdateReport:
        """Optimizer steps on the divergence from the teacher at the student's `top_k` likeliest tokens.

        Raises:
            PolicyError: as `update`.
        """

    def teacher_score_many(self, passages: Sequence[tuple[Messages, tuple[int, ...]]]) -> list[tuple[float, ...]]:
        """Log-probabilities under the teacher (temperature 1, nats) of responses after prompts of their own."""

    def num_tokens(self, passages: Sequence[tuple[Messages, tuple[int, ...]]]) -> int:
        """Of prompts and responses together."""

    def release(self) -> None:
        """Give memory back; the trainer is not used afterwards."""

    def save(self, folder: Path) -> None:
        """Write adapter weights (`adapter/`) and optimizer state (`state/`), so that another can continue."""


class TrainerModule(Protocol):
    """What the module defines that a backend is trained with (`policies.table.Backend.trainer`)."""

    def open_trainer(
        self,
        checkpoint: Checkpoint,
        settings: dict[str, Any],
        chat_template: Literal["tokenizer", "plain"],
        lora_rank: int,
        seed: int,
        teacher: TeacherKind,
    ) -> Trainer:
        """A trainer that goes on from this policy.

        Raises:
            PolicyError: it cannot be loaded, or the rank does not fit.
        """

    def adapter_digest(self, folder: Path) -> str:
        """Of the weights that were saved in a folder."""
