"""`Sample`: one response of one policy to one task, with its tokens and log-probabilities."""

from typing import Literal

from pydantic import Field, model_validator

from kbwf.records.origin import Origin

MAX_NUM_TOKENS = 2**31
"""Of any count and id of tokens. A number above is a mistake, with which no sum would end."""
MIN_LOGPROB = -9999.0
"""Of a token: what vLLM writes for minus infinity. With less, a sum over tokens may be infinite."""


class Sample(Origin):
    """One response. Whether it holds a kernel is decided when it is evaluated, so that better extraction needs no new
    samples."""

    response: str
    token_ids_T: tuple[int, ...] | None
    """Response tokens, the end-of-sequence token included where one was drawn; None if the policy does not tell."""
    sampling_logprobs_T: tuple[float, ...] | None
    """Natural-log probability of each token at the sampling temperature; None if the policy does not tell."""
    policy_logprobs_T: tuple[float, ...] | None
    """The same at temperature 1."""
    num_reported_tokens: int | None = Field(default=None, ge=0, le=MAX_NUM_TOKENS)
    """Response tokens as a server or a recording counts them; only needed where neither ids nor log-probs are there."""
    temperature: float | None = Field(ge=0)
    """None, as of the next three, only in a sample drawn elsewhere that came without it."""
    num_prompt_tokens: int | None = Field(ge=0, le=MAX_NUM_TOKENS)
    finish_reason: Literal["stop", "length"] | None
    """stop: the model ended its answer; length: `max_tokens` cut it."""
    prompt_sha256: str | None
    model: str
    """Base model and adapter, with revision or digest, as the backend names them."""
    refusal: str = ""
    """Why nothing was drawn: the task cannot be judged. Then the response is empty."""

    @model_validator(mode="after")
    def _consistent(self) -> "Sample":
        for name in ("sampling_logprobs_T", "policy_logprobs_T"):
            logprobs_T = getattr(self, name)
            if logprobs_T is None:
                continue
            if len(logprobs_T) != self.num_tokens:  # also of two kinds of log-probs without ids
                raise ValueError(f"{self.num_tokens} tokens, but {len(logprobs_T)} numbers in {name}")
            if self.response and not logprobs_T:
                raise ValueError(f"a response, but no number in {name}; null says that there are none")
            if any(logprob < MIN_LOGPROB for logprob in logprobs_T):
                raise ValueError(f"a log-probability in {name} is below {MIN_LOGPROB:g}, which no drawn token can have")
            if any(logprob > 1e-6 for logprob in logprobs_T):
                raise ValueError(f"a log-probability in {name} is positive")
        return self

    @property
    def num_tokens(self) -> int | None:
        """Response tokens; None if nobody counted them."""
        for per_token in (self.token_ids_T, self.policy_logprobs_T, self.sampling_logprobs_T):
            if per_token is not None:
                return len(per_token)
        return self.num_reported_tokens

    @property
    def nll_sum_nats(self) -> float | None:
        """Negative log-likelihood of the response at temperature 1; None without log-probabilities."""
        return None if self.policy_logprobs_T is None else 0.0 - sum(self.policy_logprobs_T)

    @property
    def nll_mean_nats(self) -> float | None:
        """The same per token; 0 for an empty response."""
        return self.nll_sum_nats / self.num_tokens if self.nll_sum_nats and self.num_tokens else self.nll_sum_nats
