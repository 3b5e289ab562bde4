"""The A/A control: a policy that answers every task with the reference's own forward body."""

import textwrap
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from kbwf.policies.protocols import Draw, Message
from kbwf.records import Checkpoint, Task
from kbwf.settings import PromptSettings
from kbwf.tasks.prompts import forward_arguments, forward_body


def describe_policy(policy_id: str, settings: dict[str, Any], prompt: PromptSettings, demo: Path | None) -> Checkpoint:
    """See `PolicyModule`. There is nothing that could be missing."""
    return Checkpoint(policy_id=policy_id, backend="control", step=0, base_model=None, revision=None)


def open_sampler(checkpoint: Checkpoint, settings: dict[str, Any], prompt: PromptSettings) -> "ControlPolicy":
    """See `PolicyModule`."""
    return ControlPolicy(prompt)


class ControlPolicy:
    """A `Sampler` whose answer is certain: one token of probability one, hence surprisal 0."""

    model = "identity"

    def __init__(self, prompt: PromptSettings) -> None:
        self._prompt = prompt

    def sample(
        self, task: Task, messages: Sequence[Message], num_samples: int, seed: int, temperature: float, max_tokens: int
    ) -> list[Draw]:
        """`num_samples` times the same response; prompt, seed and temperature change nothing.

        Raises:
            TaskError: the reference has no `Model.forward`.
        """
        draw = Draw(
            text=control_response(task, self._prompt),
            token_ids_T=(0,),
            sampling_logprobs_T=(0.0,),
            policy_logprobs_T=(0.0,),
            num_prompt_tokens=0,
            finish_reason="stop",
        )
        return [draw] * num_samples

    def release(self) -> None:
        """It holds nothing."""


def control_response(task: Task, prompt: PromptSettings) -> str:
    """The reference's own forward body, in the form that the prompt's style asks for.

    Raises:
        TaskError: the reference has no `Model.forward`.
    """
    body = forward_body(task.reference_source)
    if prompt.style == "forward_body":
        return body
    arguments = forward_arguments(task.reference_source)
    return f"class ModelNew(Model):\n    def forward({arguments}):\n{textwrap.indent(body, ' ' * 8)}"
