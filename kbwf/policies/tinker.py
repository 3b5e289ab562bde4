"""Tinker (thinkingmachines.ai/tinker): a service that samples, scores and trains; the weights stay there.

The service takes and gives tokens; chat formats are ours (`renderers`). Which temperature the log-probabilities of its
samples are at is not documented: `base.logprobs_temperature` says it, and a look at a few tokens checks it before a
study begins. Scores are at temperature 1.
"""

import logging
import statistics
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from kbwf.errors import PolicyError
from kbwf.policies.protocols import Draw, Message
from kbwf.policies.renderers import Renderer, load_tokenizer
from kbwf.policies.tinker_files import adapter_digest, read_weights
from kbwf.policies.tinker_service import Service
from kbwf.records import Checkpoint, Task
from kbwf.records.sample import MIN_LOGPROB
from kbwf.settings import BaseSettings, PromptSettings

log = logging.getLogger(__name__)

LOOK_TEMPERATURE = 2.0
LOOK_TOKENS = 32
MAX_LOOK_NATS = 0.1
"""Median difference, over the tokens looked at, of log-probabilities that are at one temperature. Sampler and scorer
round differently; at temperatures 1 and 2 they differ by far more."""


def describe_policy(policy_id: str, settings: dict[str, Any], prompt: PromptSettings, demo: Path | None) -> Checkpoint:
    """See `PolicyModule`: the service is asked for its models, and for a few tokens with their log-probabilities.

    Raises:
        PolicyError: key, model, tokenizer or adapter is missing or wrong; base.logprobs_temperature is.
        InfrastructureError: the service does not answer.
    """
    base = BaseSettings.model_validate(settings)
    service = Service(base)
    try:
        names = service.model_names()
        if base.model not in names:
            raise PolicyError(
                f"base.model {base.model!r} is not on {base.base_url or 'Tinker'}; it has"
                f" {', '.join(names[:10]) or 'none'}{f' and {len(names) - 10} more' if len(names) > 10 else ''}"
            )
        renderer = open_renderer(base, prompt)
        weights = None if base.adapter is None else read_weights(base.adapter)
        if weights is not None and weights.base_model != base.model:
            raise PolicyError(f"{base.adapter} was trained on {weights.base_model}, base.model is {base.model}")
        client = service.sampling_client(None if weights is None else weights.sampler_path)
        TinkerPolicy(base, renderer, service, client, base.model).check_temperature()
    finally:
        service.close()
    return Checkpoint(
        policy_id=policy_id,
        backend="tinker",
        step=0,
        base_model=base.model,
        revision=None,
        sampler_path=None if base.adapter is None else str(base.adapter),
        sampler_sha256=None if base.adapter is None else adapter_digest(base.adapter),
    )


def open_sampler(checkpoint: Checkpoint, settings: dict[str, Any], prompt: PromptSettings) -> "TinkerPolicy":
    """See `PolicyModule`.

    Raises:
        PolicyError: the weights are not on the service any more, or another reason of `describe_policy`.
        InfrastructureError: the service does not answer.
    """
    base = BaseSettings.model_validate(settings)
    renderer = open_renderer(base, prompt)
    service = Service(base)
    path = None if checkpoint.sampler_path is None else read_weights(checkpoint.sampler_path).sampler_path
    model = base.model if path is None else f"{base.model} + {path}"
    return TinkerPolicy(base, renderer, service, service.sampling_client(path), model)


def open_renderer(base: BaseSettings, prompt: PromptSettings) -> Renderer:
    """Of the tokenizer that the settings name, or else the model's.

    Raises:
        PolicyError: there is none, or it does not fit the format.
    """
    source = base.model if base.tokenizer is None else str(base.tokenizer)
    return Renderer(load_tokenizer(source), source, base.renderer, prompt.chat_template)


class TinkerPolicy:
    """A `BatchSampler` and `Scorer` of weights on the service."""

    def __init__(self, base: BaseSettings, renderer: Renderer, service: Service, client: Any, model: str) -> None:
        self.model = model
        self._base, self._renderer, self._service, self._client = base, renderer, service, client

    def sample(
        self, task: Task, messages: Sequence[Message], num_samples: int, seed: int, temperature: float, max_tokens: int
    ) -> list[Draw]:
        """See `Sampler.sample`; the same seed is sent for the same arguments.

        Raises:
            PolicyError: the service refuses, or gave numbers that are none.
            InfrastructureError: it did not answer in time.
        """
        return self.sample_many([(task, messages, num_samples, seed)], temperature, max_tokens)[0]

    def sample_many(
        self, prompts: Sequence[tuple[Task, Sequence[Message], int, int]], temperature: float, max_tokens: int
    ) -> list[list[Draw]]:
        """See `BatchSampler.sample_many`; one request per prompt, `base.max_in_flight` of them at a time.

        Raises:
            PolicyError, InfrastructureError: as `sample`.
        """
        encoded = [self._renderer.encode(messages) for _, messages, _, _ in prompts]
        calls = [
            self._call(prompt_ids, num_samples, seed, temperature, max_tokens)
            for prompt_ids, (_, _, num_samples, seed) in zip(encoded, prompts, strict=True)
        ]
        answers = self._service.results(calls, f"sampling from {self.model}")
        for answer, (_, _, num_samples, _) in zip(answers, prompts, strict=True):
            if len(answer.sequences) != num_samples:
                raise PolicyError(f"{self.model}: {num_samples} samples asked for, {len(answer.sequences)} came")
        drawn = [
            [(prompt_ids, sequence, self._reported(sequence)) for sequence in answer.sequences]
            for prompt_ids, answer in zip(encoded, answers, strict=True)
        ]
        is_at_one = temperature == 1.0 or self._base.logprobs_temperature == "one"
        flat = [one for rows in drawn for one in rows]
        scores = iter(
            [reported for _, _, reported in flat]
            if is_at_one
            else self._score([(prompt_ids, sequence.tokens) for prompt_ids, sequence, _ in flat])
        )
        is_at_sampling = temperature == 1.0 or (temperature > 0 and self._base.logprobs_temperature == "sampling")
        num_read = sum(map(len, encoded)) + sum(0 if is_at_one else len(ids) + len(s.tokens) for ids, s, _ in flat)
        log.info("%d tokens read, %d drawn", num_read, sum(len(sequence.tokens) for _, sequence, _ in flat))
        return [
            [
                Draw(
                    text=self._renderer.decode(sequence.tokens),
                    token_ids_T=tuple(map(int, sequence.tokens)),
                    sampling_logprobs_T=reported if is_at_sampling else None,
                    policy_logprobs_T=next(scores),
                    num_prompt_tokens=len(prompt_ids),
                    finish_reason="length" if sequence.stop_reason == "length" else "stop",
                )
                for prompt_ids, sequence, reported in rows
            ]
            for rows in drawn
        ]

    def score(self, messages: Sequence[Message], responses: Sequence[tuple[int, ...]]) -> list[tuple[float, ...]]:
        """See `Scorer.score`.

        Raises:
            PolicyError, InfrastructureError: as `sample`.
        """
        return self.score_many([(messages, response) for response in responses])

    def score_many(self, passages: Sequence[tuple[Sequence[Message], tuple[int, ...]]]) -> list[tuple[float, ...]]:
        """See `Scorer.score_many`; `base.max_in_flight` requests at a time.

        Raises:
            PolicyError, InfrastructureError: as `sample`.
        """
        return self._score([(self._renderer.encode(messages), response) for messages, response in passages])

    def num_tokens(self, passages: Sequence[tuple[Sequence[Message], tuple[int, ...]]]) -> int:
        """Of prompts and responses together."""
        return sum(len(self._renderer.encode(messages)) + len(response) for messages, response in passages)

    def check_temperature(self) -> None:
        """Draw a few tokens, score them, and see whether `base.logprobs_temperature` is what they show.

        Raises:
            PolicyError: it is not; surprisal and every ratio of training would be wrong.
            InfrastructureError: the service did not answer in time.
        """
        prompt_ids = self._renderer.encode([{"role": "user", "content": "Name a few colours."}])
        call = self._call(prompt_ids, 1, 0, LOOK_TEMPERATURE, LOOK_TOKENS)
        (answer,) = self._service.results([call], f"sampling from {self.model}")
        (sequence,) = answer.sequences
        if not len(sequence.tokens):
            return
        (scores_T,) = self._score([(prompt_ids, sequence.tokens)])
        found, said = temperature_of(self._reported(sequence), scores_T), self._base.logprobs_temperature
        if found != said:
            raise PolicyError(
                f"base.logprobs_temperature is {said}, but the log-probabilities of {self.model} are at"
                f" {'temperature 1' if found == 'one' else 'the sampling temperature'}; set it to {found}"
            )

    def release(self) -> None:
        """End the session."""
        self._service.close()

    def _call(self, prompt_ids: Sequence[int], num_samples: int, seed: int, temperature: float, max_tokens: int) -> Any:
        types = self._service.sdk.types
        # 30 bits: the service adds the sample's number, and the sum must fit into 31.
        params = types.SamplingParams(
            max_tokens=max_tokens, seed=seed % 2**30, temperature=temperature, stop=list(self._renderer.stop_ids)
        )
        prompt = types.ModelInput.from_ints(list(prompt_ids))
        return lambda: self._client.sample(prompt=prompt, num_samples=num_samples, sampling_params=params)

    def _reported(self, sequence: Any) -> tuple[float, ...]:
        given = sequence.logprobs
        if given is None:
            raise PolicyError(
                f"{self.model}: a sample came without log-probabilities; run again, or ask the service why"
            )
        return checked_logprobs(given, len(sequence.tokens), self.model)

    def _score(self, passages: Sequence[tuple[Sequence[int], Sequence[int]]]) -> list[tuple[float, ...]]:
        types = self._service.sdk.types
        inputs = [
            types.ModelInput.from_ints([*prompt_ids, *map(int, response)])
            for prompt_ids, response in passages
            if len(response)
        ]
        calls = [lambda given=given: self._client.compute_logprobs(given) for given in inputs]
        answers = iter(self._service.results(calls, f"scoring with {self.model}"))
        scores = []
        for prompt_ids, response in passages:
            logprobs = next(answers) if len(response) else []
            if len(response) and len(logprobs) != len(prompt_ids) + len(response):
                raise PolicyError(
                    f"{self.model}: {len(prompt_ids) + len(response)} tokens were to be scored, {len(logprobs)} numbers"
                    " came; run again, or ask the service why"
                )
            scores.append(checked_logprobs(logprobs[len(prompt_ids) :], len(response), self.model))
        return scores


def checked_logprobs(given: Sequence[float | None], num_tokens: int, model: str) -> tuple[float, ...]:
    """As a tuple, if there is one number per token and each can be a log-probability.

    Raises:
        PolicyError: it is not so.
    """
    if len(given) != num_tokens:
        raise PolicyError(f"{model}: {num_tokens} tokens, but {len(given)} log-probabilities; run again")
    for position, logprob in enumerate(given):
        if logprob is None or not MIN_LOGPROB <= logprob <= 1e-4:
            raise PolicyError(
                f"{model}: the log-probability of response token {position} is {logprob}, which no drawn token can"
                " have; if it stays so, the weights are damaged: go back a step, or lower the learning rate"
            )
    return tuple(min(float(logprob), 0.0) for logprob in given if logprob is not None)


def temperature_of(reported: Sequence[float], scores: Sequence[float]) -> str:
    """What `base.logprobs_temperature` must be, from tokens that were drawn at `LOOK_TEMPERATURE`.

    Args:
        reported: log-probabilities that came with the tokens.
        scores: the same tokens', at temperature 1.
    """
    differences = [abs(one - other) for one, other in zip(reported, scores, strict=True)]
    return "one" if statistics.median(differences) <= MAX_LOOK_NATS else "sampling"
