"""`LocalTrainer`: trains a LoRA adapter on a model of this machine. Axes: T response token, V vocabulary, N likeliest
tokens.

One update is `num_gradient_steps` steps of Adam, each over all examples; the published runs take one. Of a new adapter
one factor is zero, so that the policy of step 0 is the base model to the last bit.
"""

import logging
import math
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import Any

import torch
from torch.utils.checkpoint import checkpoint

from kbwf.errors import PolicyError
from kbwf.policies.adapter import (
    TEACHER_FILE,
    load_optimizer,
    load_tensors,
    new_adapter,
    save_adapter,
    save_optimizer,
    save_tensors,
    trainable_adapter,
    trainable_parameters,
)
from kbwf.policies.adapter_files import adapter_digest, adapter_folder, check_checkpoint
from kbwf.policies.gradients import BatchResult, joined, report_of, sum_gradients
from kbwf.policies.local import Device, Dtype, LocalPolicy
from kbwf.policies.logprobs import (
    BatchLimit,
    Passage,
    TokenStatistics,
    log_softmax,
    passage_logprobs,
    response_logits,
    token_statistics,
)
from kbwf.policies.pretrained import ChatTemplate
from kbwf.policies.protocols import Message
from kbwf.records import Checkpoint
from kbwf.settings import BaseSettings
from kbwf.training.datums import Datum, DistillationDatum
from kbwf.training.objective import (
    Divergence,
    entropy_regularized,
    policy_gradient_loss,
    topk_divergences,
)
from kbwf.training.self_distillation import TeacherKind
from kbwf.training.update import UpdateReport

__all__ = ["LocalTrainer", "adapter_digest", "open_trainer"]

log = logging.getLogger(__name__)

ADAM_BETAS = (0.9, 0.95)
ADAM_EPS = 1e-12
"""The defaults of the trainer that the paper's runs used. With so small an epsilon any gradient, however small, makes a
whole step: where there is nothing to learn, no step may be taken."""
EMA_RATE = 0.05
"""How far the teacher moves towards the student after every update (arXiv 2601.20802)."""
TRAINING_LIMIT = BatchLimit(max_tokens=2**14)

_recomputed = partial(checkpoint, use_reentrant=False, preserve_rng_state=False)
"""Calls a function, and calls it again for its gradient instead of keeping what it computed on the way: for every token
of a response that is a float32 number per word of the vocabulary."""


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
        self._teacher_kind = teacher
        self._teacher = {} if teacher == "live" else {n: p.detach().clone() for n, p in self._parameters.items()}
        if state is not None:
            load_optimizer(self._optimizer, self._parameters, Path(state))
            if teacher != "live":
                self._load_teacher(Path(state))
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
        passages = self._passages([(datum.messages, datum.token_ids_T) for datum in data])

        def result_of(batch: Sequence[int]) -> BatchResult:
            rows = response_logits(self._model, [passages[index] for index in batch], self._knows_logits_to_keep)
            statistics = joined(
                [
                    _recomputed(token_statistics, logits_TV, data[index].token_ids_T)
                    for index, logits_TV in zip(batch, rows, strict=True)
                ]
            )
            old_logprobs_T = _flat([data[index].old_logprobs_T for index in batch], statistics.logprobs_T)
            advantages_T = _flat([data[index].advantages_T for index in batch], statistics.logprobs_T)
            loss = policy_gradient_loss(statistics.logprobs_T, old_logprobs_T, advantages_T, torch)
            if entropy_coefficient:
                loss = entropy_regularized(loss, statistics.entropies_T, entropy_coefficient)
            return BatchResult(loss, statistics, old_logprobs_T)

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
        passages = self._passages([(datum.messages, datum.token_ids_T) for datum in data])
        lessons = self._passages([(datum.teacher_messages, datum.token_ids_T) for datum in data])

        def result_of(batch: Sequence[int]) -> BatchResult:
            # The teacher first: its weights take the student's place meanwhile.
            with torch.no_grad(), self._as_teacher():
                taught = response_logits(self._model, [lessons[index] for index in batch], self._knows_logits_to_keep)
            rows = response_logits(self._model, [passages[index] for index in batch], self._knows_logits_to_keep)
            divergences, statistics = zip(
                *(
                    _recomputed(_distillation, logits_TV, teacher_TV, data[index].token_ids_T, top_k, divergence)
                    for index, logits_TV, teacher_TV in zip(batch, rows, taught, strict=True)
                ),
                strict=True,
            )
            return BatchResult(torch.cat(divergences).sum(), joined(statistics), None)

        return self._step(passages, lessons, result_of, learning_rate, num_gradient_steps)

    def teacher_score_many(
        self, passages: Sequence[tuple[Sequence[Message], tuple[int, ...]]]
    ) -> list[tuple[float, ...]]:
        """`score_many` under the teacher's weights.

        Raises:
            PolicyError: a prompt and its response do not fit the context, or the logits are no numbers.
            InfrastructureError: the GPU failed.
        """
        encoded = self._passages(passages)
        with self._running(), torch.no_grad(), self._as_teacher():
            scored = passage_logprobs(self._model, encoded, self._knows_logits_to_keep)
        return [tuple(logprobs_T.tolist()) for logprobs_T in scored]

    def num_tokens(self, passages: Sequence[tuple[Sequence[Message], tuple[int, ...]]]) -> int:
        """Of prompts and responses together."""
        return sum(passage.num_tokens for passage in self._passages(passages))

    def save(self, folder: Path) -> None:
        """See `Trainer.save`."""
        state = folder / "state"
        state.mkdir(parents=True, exist_ok=True)
        save_adapter(self._model, folder / "adapter")
        save_optimizer(self._optimizer, self._parameters, state)
        if self._teacher:
            save_tensors(self._teacher, state / TEACHER_FILE)

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
            if self._teacher_kind == "ema":
                for name, parameter in self._parameters.items():
                    self._teacher[name].lerp_(parameter.detach(), EMA_RATE)
        max_ratio = max(report.max_ratio for report in reports)
        return replace(reports[0], num_gradient_steps=num_gradient_steps, max_ratio=max_ratio)

    def _load_teacher(self, state: Path) -> None:
        tensors = load_tensors(state / TEACHER_FILE)
        if tensors.keys() != self._teacher.keys():
            raise PolicyError(f"{state / TEACHER_FILE} is a teacher of another adapter; train the run again")
        for name, tensor in tensors.items():
            self._teacher[name].copy_(tensor)

    @contextmanager
    def _as_teacher(self) -> Iterator[None]:
        """Inside, the model has the teacher's weights; no gradient may be pending."""
        self._swap_teacher()
        try:
            yield
        finally:
            self._swap_teacher()

    def _swap_teacher(self) -> None:
        for name, tensor in self._teacher.items():
            parameter = self._parameters[name]
            self._teacher[name], parameter.data = parameter.data, tensor

    @contextmanager
    def _in_training_mode(self) -> Iterator[None]:
        """Layers are recomputed in training mode only; nothing else depends on it, for there is no dropout left."""
        if self._is_checkpointed:
            self._model.train()
        try:
            yield
        finally:
            self._model.eval()


def _distillation(
    logits_TV: torch.Tensor,
    teacher_logits_TV: torch.Tensor,
    response_ids: Sequence[int],
    top_k: int,
    divergence: Divergence,
) -> tuple[torch.Tensor, TokenStatistics]:
    """Divergence per token [T], and what the student's distributions are like."""
    likeliest_T_N = logits_TV.detach().topk(min(top_k, logits_TV.shape[-1]), dim=-1).indices
    student_T_N = log_softmax(logits_TV).gather(1, likeliest_T_N)
    teacher_T_N = log_softmax(teacher_logits_TV).gather(1, likeliest_T_N)
    divergences_T = topk_divergences(student_T_N, teacher_T_N, divergence, torch)
    return divergences_T, token_statistics(logits_TV, response_ids)


def _no_update(reason: str) -> UpdateReport:
    log.warning("no update: %s", reason)
    return UpdateReport(0, reason)


def _flat(values: Sequence[Sequence[float]], like: torch.Tensor) -> torch.Tensor:
    return torch.tensor([value for row in values for value in row], dtype=like.dtype, device=like.device)


def _remove_dropout(model: Any) -> None:
    """Training mode then gives the same numbers as sampling did: a ratio of 1 stays 1."""
    for module in model.modules():
        if isinstance(module, torch.nn.Dropout):
            module.p = 0.0
        elif isinstance(getattr(module, "attention_dropout", None), float):
            module.attention_dropout = 0.0
