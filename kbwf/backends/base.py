"""What a backend can do. A backend implements those it can; nothing inherits from anything."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Literal, Protocol

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


class Scorer(Protocol):
    """Gives the log-probabilities of responses that someone else wrote."""

    def score(self, messages: Sequence[Message], responses: Sequence[tuple[int, ...]]) -> list[tuple[float, ...]]:
        """`policy_logprobs_T` (temperature 1, nats) of each response's tokens after the prompt."""


@dataclass(frozen=True)
class Datum:
    """One training example: prompt, response tokens, and per token the old log-probability and the advantage."""

    messages: tuple[Message, ...]
    token_ids_T: tuple[int, ...]
    old_logprobs_T: tuple[float, ...]
    advantages_T: tuple[float, ...]


class Trainer(Protocol):
    """Updates a policy."""

    def update(self, data: Sequence[Datum], learning_rate: float) -> dict[str, float]:
        """One optimizer step of the importance-sampling policy gradient; returns metrics such as `loss` and `kl`."""

    def save(self, folder: Path) -> None:
        """Write adapter weights and optimizer state, so that `update` can continue and a `Sampler` can sample."""
