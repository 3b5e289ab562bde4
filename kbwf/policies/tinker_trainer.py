"""`TinkerTrainer`: trains LoRA weights on Tinker. Axes: T response token.

The loss is the service's `importance_sampling`, which is `kbwf.training.objective.policy_gradient_loss`: a sum over
tokens, without clip. What an update reports is computed here, from the log-probabilities that come back.
"""

import logging
import uuid
from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np

from kbwf.errors import PolicyError
from kbwf.policies.protocols import Message
from kbwf.policies.renderers import ChatTemplate, Renderer
from kbwf.policies.tinker import TinkerPolicy, checked_logprobs, open_renderer
from kbwf.policies.tinker_files import StoredWeights, adapter_digest, read_weights, write_weights
from kbwf.policies.tinker_service import Service
from kbwf.records import Checkpoint
from kbwf.settings import BaseSettings, PromptSettings
from kbwf.training.datums import Datum, DistillationDatum
from kbwf.training.objective import Divergence, kl_estimates, policy_gradient_loss
from kbwf.training.self_distillation import TeacherKind
from kbwf.training.update import UpdateReport

__all__ = ["TinkerTrainer", "adapter_digest", "open_trainer"]

log = logging.getLogger(__name__)

ADAM = {"beta1": 0.9, "beta2": 0.95, "eps": 1e-12}
"""The service's defaults, said because a default can change."""


def open_trainer(
    checkpoint: Checkpoint,
    settings: dict[str, Any],
    chat_template: ChatTemplate,
    lora_rank: int,
    seed: int,
    teacher: TeacherKind,
) -> "TinkerTrainer":
    """See `TrainerModule`.

    Raises:
        PolicyError: also if the stored weights are not there any more.
        InfrastructureError: the service does not answer.
    """
    if teacher == "ema":
        raise PolicyError("method sdpo-topk needs whole distributions, which Tinker does not give; use sdpo")
    base = BaseSettings.model_validate(settings)
    folder = checkpoint.state_path or checkpoint.sampler_path
    weights = None if folder is None else read_weights(folder)
    if weights is not None and weights.lora_rank != lora_rank:
        raise PolicyError(
            f"{folder} has rank {weights.lora_rank}, the run asks for lora_rank {lora_rank}; they must agree"
        )
    renderer = open_renderer(base, PromptSettings(chat_template=chat_template))
    service = Service(base)
    if weights is None:
        client = service.training_client(
            lambda sdk: sdk.create_lora_training_client(base_model=base.model, rank=lora_rank, seed=seed % 2**31),
            f"beginning to train {base.model}",
        )
    elif checkpoint.state_path is not None:
        path = weights.state_path
        client = service.training_client(
            lambda sdk: sdk.create_training_client_from_state_with_optimizer(path), f"going on from {path}"
        )
    else:  # weights of another run: its optimizer has no part in this one
        path = weights.state_path
        client = service.training_client(
            lambda sdk: sdk.create_training_client_from_state(path), f"going on from {path}"
        )
    begun_with = None if weights is None else weights.sampler_path
    first = weights.first_sampler_path if weights is not None and checkpoint.state_path is not None else begun_with
    return TinkerTrainer(base, renderer, service, client, lora_rank, begun_with if teacher == "live" else first, first)


class TinkerTrainer:
    """A `Trainer`."""

    def __init__(
        self,
        base: BaseSettings,
        renderer: Renderer,
        service: Service,
        client: Any,
        lora_rank: int,
        teacher_path: str | None,
        first_sampler_path: str | None,
    ) -> None:
        self._base, self._renderer, self._service, self._client = base, renderer, service, client
        self._lora_rank, self._teacher_path, self._first_sampler_path = lora_rank, teacher_path, first_sampler_path

    def update(
        self,
        data: Sequence[Datum],
        learning_rate: float,
        num_gradient_steps: int = 1,
        entropy_coefficient: float = 0.0,
    ) -> UpdateReport:
        """See `Trainer.update`.

        Raises:
            PolicyError: also if an entropy bonus is asked for, which the service does not have.
            InfrastructureError: the service does not answer.
        """
        if entropy_coefficient:
            raise PolicyError("entropy_coefficient is not 0, and Tinker has no entropy bonus; set it to 0")
        if not any(any(datum.advantages_T) for datum in data):
            log.warning("no update: every advantage is 0")
            return UpdateReport(0, "every advantage is 0: no token is to become likelier or rarer")
        prompts = [self._renderer.encode(datum.messages) for datum in data]
        types = self._service.sdk.types
        batch = []
        for prompt_ids, datum in zip(prompts, data, strict=True):
            input_ids, inputs = loss_inputs(prompt_ids, datum)
            batch.append(types.Datum(model_input=types.ModelInput.from_ints(input_ids), loss_fn_inputs=dict(inputs)))
        adam = types.AdamParams(learning_rate=learning_rate, **ADAM)
        reports = []
        for _ in range(num_gradient_steps):
            # Both are sent before either is waited for: the service works on them without a pause.
            passed, stepped = self._service.results(
                [
                    lambda: self._client.forward_backward(batch, "importance_sampling"),
                    lambda: self._client.optim_step(adam),
                ],
                f"training {self._base.model}",
            )
            logprobs = [output["logprobs"].tolist() for output in passed.loss_fn_outputs]
            report = report_of(data, prompts, logprobs, self._base.model)
            reports.append(replace(report, gradient_norm=_gradient_norm(stepped.metrics)))
        max_ratio = max(report.max_ratio for report in reports)
        return replace(reports[0], num_gradient_steps=num_gradient_steps, max_ratio=max_ratio)

    def distill(
        self,
        data: Sequence[DistillationDatum],
        learning_rate: float,
        num_gradient_steps: int = 1,
        top_k: int = 100,
        divergence: Divergence = "jensen_shannon",
    ) -> UpdateReport:
        """Not possible here: the service gives no distributions to distil.

        Raises:
            PolicyError: always.
        """
        raise PolicyError("method sdpo-topk needs whole distributions, which Tinker does not give; use sdpo")

    def teacher_score_many(
        self, passages: Sequence[tuple[Sequence[Message], tuple[int, ...]]]
    ) -> list[tuple[float, ...]]:
        """See `Trainer.teacher_score_many`: under the weights that this update began with, or those of the run.

        Raises:
            PolicyError: a passage does not fit the context, or a number is none.
            InfrastructureError: the service does not answer.
        """
        client = self._service.sampling_client(self._teacher_path)
        name = self._teacher_path or self._base.model
        return TinkerPolicy(self._base, self._renderer, self._service, client, name).score_many(passages)

    def num_tokens(self, passages: Sequence[tuple[Sequence[Message], tuple[int, ...]]]) -> int:
        """Of prompts and responses together."""
        return sum(len(self._renderer.encode(messages)) + len(response) for messages, response in passages)

    def release(self) -> None:
        """End the session."""
        self._service.close()

    def save(self, folder: Path) -> None:
        """See `Trainer.save`: the service keeps the weights, the folders say where.

        Raises:
            InfrastructureError: the service does not answer.
        """
        name = f"kbwf-{uuid.uuid4().hex}"  # a name that is taken would be refused
        state, sampler = self._service.results(
            [lambda: self._client.save_state(name), lambda: self._client.save_weights_for_sampler(name)],
            f"saving weights of {self._base.model}",
        )
        weights = StoredWeights(
            base_model=self._base.model,
            lora_rank=self._lora_rank,
            sampler_path=sampler.path,
            state_path=state.path,
            first_sampler_path=self._first_sampler_path,
        )
        for part in ("adapter", "state"):
            write_weights(folder / part, weights)


def loss_inputs(prompt_ids: Sequence[int], datum: Datum) -> tuple[list[int], Mapping[str, list[Any]]]:
    """Input tokens and the loss's inputs: position i predicts target i. Prompt tokens have advantage 0."""
    num_before = len(prompt_ids) - 1
    return [*prompt_ids, *datum.token_ids_T[:-1]], {
        "target_tokens": [*prompt_ids[1:], *datum.token_ids_T],
        "logprobs": [0.0] * num_before + list(datum.old_logprobs_T),
        "advantages": [0.0] * num_before + list(datum.advantages_T),
    }


def report_of(
    data: Sequence[Datum], prompts: Sequence[Sequence[int]], logprobs: Sequence[Sequence[float]], model: str
) -> UpdateReport:
    """What an update of these examples did, from the log-probabilities that the service computed on the way.

    Args:
        prompts: their tokens.
        logprobs: per example, of all its targets.

    Raises:
        PolicyError: they are of another number, or no numbers.
    """
    if len(logprobs) != len(data):
        raise PolicyError(f"{model}: trained on {len(data)} examples, but told of {len(logprobs)}; run again")
    new: list[float] = []
    old: list[float] = []
    advantages: list[float] = []
    for datum, prompt_ids, given in zip(data, prompts, logprobs, strict=True):
        checked = checked_logprobs(given, len(prompt_ids) - 1 + len(datum.token_ids_T), model)
        new.extend(checked[len(prompt_ids) - 1 :])
        old.extend(datum.old_logprobs_T)
        advantages.extend(datum.advantages_T)
    new_T, old_T, advantages_T = np.array(new), np.array(old), np.array(advantages)
    kl_nats, kl_v2_nats = kl_estimates(new_T, old_T)
    return UpdateReport(
        num_gradient_steps=1,
        no_update_reason=None,
        loss=float(policy_gradient_loss(new_T, old_T, advantages_T, np)),
        kl_sample_train_nats=kl_nats,
        kl_sample_train_v2_nats=kl_v2_nats,
        max_ratio=float(np.exp(new_T - old_T).max()),
        entropy_nats=None,
        gradient_norm=None,
        num_prompt_tokens=sum(map(len, prompts)),
        num_response_tokens=len(new),
    )


def _gradient_norm(metrics: Mapping[str, float] | None) -> float | None:
    """Some services tell it, each under a name of its own."""
    for name, value in (metrics or {}).items():
        if name.rpartition("/")[2] in ("grad_norm", "gradient_norm"):
            return float(value)
    return None
