"""What a backend can do. A backend implements those it can; nothing inherits from anything."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal, Protocol

from kbwf.records import Checkpoint, Sample, Task
from kbwf.settings import PromptSettings

Message = dict[str, str]
"""`{"role": "system" | "user" | "assistant", "content": …}`."""


@dataclass(frozen=True)
class Draw:
    """One response as a backend returns it. T: response tokens, the end-of-sequence token included if drawn."""

    text: str
    token_ids_T: tuple[int, ...] | None
    sampling_logprobs_T: tuple[float, ...] | None
    policy_logprobs_T: tuple[float, ...] | None
    num_prompt_tokens: int | None
    finish_reason: Literal["stop", "length"] | None
    num_reported_tokens: int | None = None
    """As `Sample.num_reported_tokens`."""


class Sampler(Protocol):
    """Draws responses from a policy."""

    model: str
    """Base model and adapter, with revision or digest."""

    def sample(
        self, task: Task, messages: Sequence[Message], num_samples: int, seed: int, temperature: float, max_tokens: int
    ) -> list[Draw]:
        """`num_samples` responses to one task's prompt; the same arguments give the same responses.

        Raises:
            PolicyError: the prompt does not fit the model's context, or the model gave numbers that are none.
        """

    def release(self) -> None:
        """Give memory back; the sampler is not used afterwards."""


class PolicyModule(Protocol):
    """What a backend's module defines (`table.Backend.module`)."""

    def describe_policy(
        self, policy_id: str, settings: dict[str, Any], prompt: PromptSettings, demo: Path | None
    ) -> Checkpoint:
        """Checkpoint of a policy that nothing has been trained into, after a look at whether it can be loaded.

        Raises:
            PolicyError: it cannot.
        """

    def open_sampler(self, checkpoint: Checkpoint, settings: dict[str, Any], prompt: PromptSettings) -> Sampler:
        """A sampler of this policy.

        Raises:
            PolicyError: it cannot be loaded.
        """


class RecordingModule(Protocol):
    """What the module of a backend defines that draws nothing (`table.Backend.is_recorded`)."""

    def describe_policy(
        self, policy_id: str, settings: dict[str, Any], prompt: PromptSettings, demo: Path | None
    ) -> Checkpoint:
        """As `PolicyModule.describe_policy`; its revision is the digest of what was recorded."""

    def recorded_samples(
        self, checkpoint: Checkpoint, settings: dict[str, Any], task_id: str, seed: int, sample_idxs: range
    ) -> list[Sample]:
        """The samples of these numbers.

        Raises:
            PolicyError: one of them was not recorded.
            RecordError: the recording is malformed.
        """


class BatchSampler(Sampler, Protocol):
    """Draws for several tasks at a time."""

    def sample_many(
        self, prompts: Sequence[tuple[Task, Sequence[Message], int, int]], temperature: float, max_tokens: int
    ) -> list[list[Draw]]:
        """Responses to the prompts of several tasks, each with its number of samples and its seed.

        A prompt's responses are those that `sample` gives for it alone, up to the rounding of the model's logits.
        """


class Scorer(Protocol):
    """Gives the log-probabilities of responses that someone else wrote."""

    def score(self, messages: Sequence[Message], responses: Sequence[tuple[int, ...]]) -> list[tuple[float, ...]]:
        """`policy_logprobs_T` (temperature 1, nats) of each response's tokens after the prompt."""

    def score_many(self, passages: Sequence[tuple[Sequence[Message], tuple[int, ...]]]) -> list[tuple[float, ...]]:
        """The same for responses after prompts of their own."""
