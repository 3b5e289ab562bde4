"""`IdentityPolicy`: the A/A control, a policy that always gives the same text."""

from collections.abc import Sequence

from kbwf.backends.base import Draw, Message


class IdentityPolicy:
    """A `Sampler` that answers with the reference's own forward body, which the stage hands over.

    Its answer is certain: one token of probability one, hence surprisal 0.
    """

    model = "identity"

    def __init__(self, response: str) -> None:
        self._response = response

    def sample(
        self, messages: Sequence[Message], num_samples: int, seed: int, temperature: float, max_tokens: int
    ) -> list[Draw]:
        """`num_samples` times the same response; prompt, seed and temperature change nothing."""
        draw = Draw(
            text=self._response,
            token_ids_T=(0,),
            sampling_logprobs_T=(0.0,),
            policy_logprobs_T=(0.0,),
            num_prompt_tokens=0,
            finish_reason="stop",
        )
        return [draw] * num_samples
