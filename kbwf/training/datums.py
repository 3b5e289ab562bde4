"""Training examples: what a trainer is given. Axes: P task, G rollout in its group, T response token.

An example holds log-probabilities and advantages of response tokens only. Prompt tokens appear as text, so that
nothing can give them a part in a loss.
"""

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from kbwf.errors import RecordError
from kbwf.records import Sample
from kbwf.records.base import canonical_json, sha256_of
from kbwf.training.rollouts import Rollouts

Messages = tuple[dict[str, str], ...]
"""`{"role": "system" | "user" | "assistant", "content": …}`, in order."""


@dataclass(frozen=True)
class Datum:
    """One example of the policy gradient: prompt, response tokens, and per token old log-probability and advantage."""

    messages: Messages
    token_ids_T: tuple[int, ...]
    old_logprobs_T: tuple[float, ...]
    """Under the policy that drew them, at temperature 1, nats."""
    advantages_T: tuple[float, ...]

    def __post_init__(self) -> None:
        lengths = (len(self.token_ids_T), len(self.old_logprobs_T), len(self.advantages_T))
        if len(set(lengths)) != 1:
            raise ValueError(f"tokens, log-probabilities and advantages differ in number: {lengths}")
        if not all(map(math.isfinite, (*self.old_logprobs_T, *self.advantages_T))):
            raise ValueError("a log-probability or an advantage is no finite number")


@dataclass(frozen=True)
class DistillationDatum:
    """One example of self-distillation from whole distributions: the teacher reads the tokens after another prompt."""

    messages: Messages
    teacher_messages: Messages
    token_ids_T: tuple[int, ...]


def policy_gradient_data(
    rollouts_P_G: Rollouts, messages_of: Mapping[str, Messages], advantages_P_G: np.ndarray
) -> list[Datum]:
    """One example per rollout, its advantage the same for every token.

    Args:
        messages_of: by task id, the prompt that the samples were drawn from.

    Raises:
        RecordError: samples of several temperatures, of another prompt, or without tokens or log-probabilities.
    """
    check_rollouts(rollouts_P_G, messages_of)
    return [
        _datum(messages_of, rollout.sample, (float(advantages_P_G[row, column]),) * (rollout.sample.num_tokens or 0))
        for row, group in enumerate(rollouts_P_G)
        for column, rollout in enumerate(group)
    ]


def token_advantage_data(
    rollouts_P_G: Rollouts, messages_of: Mapping[str, Messages], advantages: Sequence[Sequence[float]]
) -> list[Datum]:
    """One example per rollout, with an advantage of its own for every token.

    Args:
        advantages: per rollout in order, task by task, one number per token.

    Raises:
        RecordError: samples of several temperatures, of another prompt, or without tokens or log-probabilities.
    """
    check_rollouts(rollouts_P_G, messages_of)
    samples = [rollout.sample for group in rollouts_P_G for rollout in group]
    return [
        _datum(messages_of, sample, tuple(advantages_T))
        for sample, advantages_T in zip(samples, advantages, strict=True)
    ]


def check_rollouts(rollouts_P_G: Rollouts, messages_of: Mapping[str, Messages]) -> None:
    """One temperature, the prompts that were sampled from, tokens and log-probabilities of every response.

    Log-probabilities are comparable at one temperature only; training on another prompt than the sampled one would
    silently make every ratio wrong.

    Raises:
        RecordError: one of these does not hold.
    """
    samples = [rollout.sample for group in rollouts_P_G for rollout in group]
    temperatures = sorted({sample.temperature for sample in samples}, key=str)
    if len(temperatures) > 1 or None in temperatures:
        raise RecordError(
            f"rollouts of one update were drawn at temperatures {temperatures}; draw all of them at one temperature"
        )
    for sample in samples:
        prompt_sha256 = sha256_of(canonical_json(list(messages_of[sample.task_id])))
        if sample.prompt_sha256 != prompt_sha256:
            raise RecordError(
                f"{sample.task_id}: sample {sample.sample_idx} of {sample.policy_id} was drawn from prompt"
                f" {str(sample.prompt_sha256)[:12]}, training would use prompt {prompt_sha256[:12]}; sample again, or"
                " restore the prompt"
            )
        if not sample.token_ids_T or sample.policy_logprobs_T is None:
            missing = "log-probabilities at temperature 1" if sample.token_ids_T else "tokens to learn from"
            raise RecordError(
                f"{sample.task_id}: sample {sample.sample_idx} of {sample.policy_id} has no {missing}; only policies"
                " that report both can be trained"
            )


def _datum(messages_of: Mapping[str, Messages], sample: Sample, advantages_T: tuple[float, ...]) -> Datum:
    assert sample.policy_logprobs_T is not None, "check_rollouts has seen to it"
    assert sample.token_ids_T is not None, "the same"
    return Datum(messages_of[sample.task_id], sample.token_ids_T, sample.policy_logprobs_T, advantages_T)
