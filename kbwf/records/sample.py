"""`Sample`: one response of one policy to one task, with its tokens and log-probabilities."""

from typing import Literal

from pydantic import Field, model_validator

from kbwf.records.base import Record


class Sample(Record):
    """One response. Whether it holds a kernel is decided when it is evaluated, so that better extraction needs no new
    samples."""

    task_id: str
    policy_id: str
    seed: int
    """The study's sampling seed; the seed of the draw also depends on task and chunk."""
    sample_idx: int = Field(ge=0)
    """Position among all samples of this policy, task and seed."""
    response: str
    token_ids_T: tuple[int, ...]
    """Response tokens, the end-of-sequence token included where one was drawn."""
    sampling_logprobs_T: tuple[float, ...]
    """Natural-log probability of each token at the sampling temperature."""
    policy_logprobs_T: tuple[float, ...]
    """The same at temperature 1."""
    temperature: float = Field(ge=0)
    num_prompt_tokens: int = Field(ge=0)
    finish_reason: Literal["stop", "length"]
    """stop: the model ended its answer; length: `max_tokens` cut it."""
    prompt_sha256: str
    model: str
    """Base model and adapter, with revision or digest, as the backend names them."""

    @model_validator(mode="after")
    def _consistent(self) -> "Sample":
        lengths = (len(self.token_ids_T), len(self.sampling_logprobs_T), len(self.policy_logprobs_T))
        if len(set(lengths)) != 1:
            raise ValueError(f"tokens and log-probabilities differ in number: {lengths}")
        if any(logprob > 1e-6 for logprob in (*self.sampling_logprobs_T, *self.policy_logprobs_T)):
            raise ValueError("a log-probability is positive")
        return self

    @property
    def num_tokens(self) -> int:
        """Response tokens."""
        return len(self.token_ids_T)

    @property
    def nll_sum_nats(self) -> float:
        """Negative log-likelihood of the response at temperature 1."""
        return 0.0 - sum(self.policy_logprobs_T)

    @property
    def nll_mean_nats(self) -> float:
        """The same per token; 0 for an empty response."""
        return self.nll_sum_nats / self.num_tokens if self.num_tokens else 0.0
