"""What a backend can do. A backend implements those it can; nothing inherits from anything."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Literal, Protocol

from kbwf.training.datums import Datum

Message = dict[str, str]
"""`{"role": "system" | "user" | "assistant", "content": …}`."""


@dataclass(frozen=True)
class Draw:
    """One response as a backend returns it. T: response tokens, the end-of-sequence token included if drawn."""

    text: str
    token_ids_T: tuple[int, ...]
    sampling_logprobs_T: tuple[float, ...]
    policy_logprobs_T: tuple[float, ...]
    num_prompt_tokens: int
    finish_reason: Literal["stop", "length"]


class Sampler(Protocol):
    """Draws responses from a policy."""

    model: str
    """Base model and adapter, with revision or digest."""

    def sample(
        self, messages: Sequence[Message], num_samples: int, seed: int, temperature: float, max_tokens: int
    ) -> list[Draw]:
        """`num_samples` responses to one prompt; the same arguments give the same responses.

        Raises:
            PolicyError: the prompt does not fit the model's context, or the model gave numbers that are none.
        """


class BatchSampler(Sampler, Protocol):
    """Draws for several tasks at a time."""

    def sample_many(
        self, prompts: Sequence[tuple[Sequence[Message], int, int]], temperature: float, max_tokens: int
    ) -> list[list[Draw]]:
        """Responses to several prompts, each with its number of samples and its seed.

        A prompt's responses are those that `sample` gives for it alone, up to the rounding of the model's logits.
        """


class Scorer(Protocol):
    """Gives the log-probabilities of responses that someone else wrote."""

    def score(self, messages: Sequence[Message], responses: Sequence[tuple[int, ...]]) -> list[tuple[float, ...]]:
        """`policy_logprobs_T` (temperature 1, nats) of each response's tokens after the prompt."""

    def score_many(self, passages: Sequence[tuple[Sequence[Message], tuple[int, ...]]]) -> list[tuple[float, ...]]:
        """The same for responses after prompts of their own."""


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

    def save(self, folder: Path) -> None:
        """Write adapter weights (`adapter/`) and optimizer state (`state/`), so that another can continue."""
