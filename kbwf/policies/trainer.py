"""`LocalTrainer`: trains a LoRA adapter on a model of this machine.

One update is `num_gradient_steps` steps of Adam, each over all examples; the published runs take one. Of a new adapter
one factor is zero, so that the policy of step 0 is the base model to the last bit.
"""

import logging
import math
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from typing import Any

import torch

from kbwf.errors import PolicyError
from kbwf.policies.adapter import (
    load_optimizer,
    new_adapter,
    save_adapter,
    save_optimizer,
    trainable_adapter,
    trainable_parameters,
)
from kbwf.policies.adapter_files import adapter_digest, adapter_folder, check_checkpoint
from kbwf.policies.gradients import BatchResult, report_of, sum_gradients
from kbwf.policies.local import Device, Dtype, LocalPolicy
from kbwf.policies.logprobs import BatchLimit, Passage, passage_logprobs, response_logits
from kbwf.policies.losses import distillation_of, policy_gradient_of
from kbwf.policies.pretrained import ChatTemplate
from kbwf.policies.protocols import Message
from kbwf.policies.teacher import Teacher
from kbwf.records import Checkpoint
from kbwf.settings import BaseSettings
from kbwf.training.datums import Datum, DistillationDatum
from kbwf.training.objective import Divergence
from kbwf.training.self_distillation import TeacherKind
from kbwf.training.update import UpdateReport

__all__ = ["LocalTrainer", "adapter_digest", "open_trainer"]

log = logging.getLogger(__name__)

ADAM_BETAS = (0.9, 0.95)
ADAM_EPS = 1e-12
"""The defaults of the trainer that the paper's runs used. With so small an epsilon any gradient, however small, makes a
whole step: where there is nothing to learn, no step may be taken."""
TRAINING_LIMIT = BatchLimit(max_tokens=2**14)


def open_trainer(
    checkpoint: Checkpoint,
    settings: dict[str, Any],
    chat_template: ChatTemplate,
    lora_rank: int,
    seed: int,
    teacher: TeacherKind,
) -> "LocalTrainer":
    """See `TrainerModule`."""
    base = BaseSettings.model_validate(settings)
    check_checkpoint(checkpoint)
    assert checkpoint.base_model is not None, "just checked"
    return LocalTrainer(
        checkpoint.base_model,
        checkpoint.revision,
        checkpoint.sampler_path,
        checkpoint.state_path,
        lora_rank=lora_rank,
        seed=seed,
        teacher=teacher,
        device=base.device,
        dtype=base.dtype,
        chat_template=chat_template,
    )


class LocalTrainer(LocalPolicy):
    """A `Trainer` that is also the policy it trains: a `Sampler` and `Scorer` of the weights as they are."""

    def __init__(
        self,
        base_model: str,
        revision: str | None = None,
        adapter: str | None = None,
        state: str | None = None,
        *,
        lora_rank: int,
        seed: int = 0,
        teacher: TeacherKind = "live",
        device: Device = "auto",
        dtype: Dtype = "auto",
        chat_template: ChatTemplate = "tokenizer",
        limit: BatchLimit = TRAINING_LIMIT,
        gradient_checkpointing: bool | None = None,
    ) -> None:
        """Load the model, and the adapter or a new one.

        Args:
            adapter: folder to continue from; None begins a new adapter, which changes nothing yet.
            state: folder of optimizer and teacher that belong to the adapter; None begins them anew, with the policy
                as it is now as teacher.
            seed: of a new adapter's random factor.
            teacher: whose weights `distill` and `teacher_score_many` use.
            limit: of one batch of examples.
            gradient_checkpointing: compute activations twice instead of keeping them; None: on a GPU.

        Raises:
            PolicyError: model, adapter or state is missing, damaged or does not fit; the rank is above the width.
        """
        super().__init__(base_model, revision, None, device, dtype, chat_template)
        if adapter is None:
            self._model = new_adapter(self._model, lora_rank, seed)
        else:
            self._model = trainable_adapter(self._model, adapter_folder(adapter), lora_rank)
        self.model += f" + adapter of rank {lora_rank} in training"
        self._model.eval()
        self._parameters = trainable_parameters(self._model)
        self._optimizer = torch.optim.Adam(list(self._parameters.values()), betas=ADAM_BETAS, eps=ADAM_EPS)
        self._teacher = Teacher(teacher, self._parameters)
        if state is not None:
            load_optimizer(self._optimizer, self._parameters, Path(state))
            self._teacher.load(Path(state))
        self._limit = limit
        is_on_gpu = self._model.device.type == "cuda"
        self._is_checkpointed = is_on_gpu if gradient_checkpointing is None else gradient_checkpointing
        if self._is_checkpointed:
            _remove_dropout(self._model)
            self._model.gradient_checkpointing_enable(gradient_checkpointing_kwargs={"use_reentrant": False})

    def update(
        self,
        data: Sequence[Datum],
        learning_rate: float,
        num_gradient_steps: int = 1,
        entropy_coefficient: float = 0.0,
    ) -> UpdateReport:
        """See `Trainer.update`.

        Raises:
            PolicyError: see there.
            InfrastructureError: the GPU failed.
        """
        if not any(any(datum.advantages_T) for datum in data) and entropy_coefficient == 0:
            return _no_update("every advantage is 0: no token is to become likelier or rarer")
        passages = self._encoder.passages([(datum.messages, datum.token_ids_T) for datum in data])

        def result_of(batch: Sequence[int]) -> BatchResult:
            logits = self._logits([passages[index] for index in batch])
            return policy_gradient_of(logits, [data[index] for index in batch], entropy_coefficient)

        return self._step(passages, [], result_of, learning_rate, num_gradient_steps)

    def distill(
        self,
        data: Sequence[DistillationDatum],
        learning_rate: float,
        num_gradient_steps: int = 1,
        top_k: int = 100,
        divergence: Divergence = "jensen_shannon",
    ) -> UpdateReport:
        """Optimizer steps on the divergence from the teacher at the student's `top_k` likeliest tokens (sdpo-topk).

        Raises:
            PolicyError: as `update`.
            InfrastructureError: the GPU failed.
        """
        if not data:
            return _no_update("there is no example")
        passages = self._encoder.passages([(datum.messages, datum.token_ids_T) for datum in data])
        lessons = self._encoder.passages([(datum.teacher_messages, datum.token_ids_T) for datum in data])

        def result_of(batch: Sequence[int]) -> BatchResult:
            # The teacher first: its weights take the student's place meanwhile.
            with torch.no_grad(), self._teacher.in_place_of_the_student():
                taught = self._logits([lessons[index] for index in batch])
            logits = self._logits([passages[index] for index in batch])
            return distillation_of(logits, taught, [data[index] for index in batch], top_k, divergence)

        return self._step(passages, lessons, result_of, learning_rate, num_gradient_steps)

    def teacher_score_many(
        self, passages: Sequence[tuple[Sequence[Message], tuple[int, ...]]]
    ) -> list[tuple[float, ...]]:
        """`score_many` under the teacher's weights.

        Raises:
            PolicyError: a prompt and its response do not fit the context, or the logits are no numbers.
            InfrastructureError: the GPU failed.
        """
        encoded = self._encoder.passages(passages)
        with self._running(), torch.no_grad(), self._teacher.in_place_of_the_student():
            scored = passage_logprobs(self._model, encoded, self._knows_logits_to_keep)
        return [tuple(logprobs_T.tolist()) for logprobs_T in scored]

    def num_tokens(self, passages: Sequence[tuple[Sequence[Message], tuple[int, ...]]]) -> int:
        """Of prompts and responses together."""
        return sum(passage.num_tokens for passage in self._encoder.passages(passages))

    def save(self, folder: Path) -> None:
        """See `Trainer.save`."""
        state = folder / "state"
        state.mkdir(parents=True, exist_ok=True)
        save_adapter(self._model, folder / "adapter")
        save_optimizer(self._optimizer, self._parameters, state)
        self._teacher.save(state)

    def _step(
        self,
        passages: Sequence[Passage],
        lessons: Sequence[Passage],
        result_of: Callable[[Sequence[int]], BatchResult],
        learning_rate: float,
        num_gradient_steps: int,
    ) -> UpdateReport:
        """`num_gradient_steps` steps of Adam, then one of the teacher."""
        if num_gradient_steps < 1:
            raise ValueError(f"num_gradient_steps must be at least 1, got {num_gradient_steps}")
        for group in self._optimizer.param_groups:
            group["lr"] = learning_rate
        vocab_size = self._model.config.get_text_config().vocab_size
        parameters = list(self._parameters.values())
        reports = []
        with self._running(), self._in_training_mode():
            for _ in range(num_gradient_steps):
                gradient_sum = sum_gradients(
                    lessons or passages, result_of, parameters, self._limit, vocab_size, self._knows_logits_to_keep
                )
                self._limit = gradient_sum.limit
                reports.append(report_of(gradient_sum, passages, lessons))
                norm = reports[-1].gradient_norm
                if norm is None or not math.isfinite(norm):
                    raise PolicyError(f"the gradient is {norm}; lower the learning rate, or set base.dtype: float32")
                for parameter, gradient in zip(parameters, gradient_sum.gradients, strict=True):
                    parameter.grad = gradient
                self._optimizer.step()
                self._optimizer.zero_grad()
            self._teacher.follow()
        max_ratio = max(report.max_ratio for report in reports)
        return replace(reports[0], num_gradient_steps=num_gradient_steps, max_ratio=max_ratio)

    def _logits(self, passages: Sequence[Passage]) -> list[torch.Tensor]:
        """Of each passage's response tokens."""
        return response_logits(self._model, passages, self._knows_logits_to_keep)

    @contextmanager
    def _in_training_mode(self) -> Iterator[None]:
        """Layers are recomputed in training mode only; nothing else depends on it, for there is no dropout left."""
        if self._is_checkpointed:
            self._model.train()
        try:
            yield
        finally:
            self._model.eval()


def _no_update(reason: str) -> UpdateReport:
    log.warning("no update: %s", reason)
    return UpdateReport(0, reason)


def _remove_dropout(model: Any) -> None:
    """Training mode then gives the same numbers as sampling did: a ratio of 1 stays 1."""
    for module in model.modules():
        if isinstance(module, torch.nn.Dropout):
            module.p = 0.0
        elif isinstance(getattr(module, "attention_dropout", None), float):
            module.attention_dropout = 0.0
