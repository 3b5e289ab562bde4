"""`LocalPolicy`: any causal language model of transformers, with an optional adapter of peft, on this machine."""

import gc
import inspect
import logging
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Literal

import torch
from transformers import AutoModelForCausalLM, AutoTokenizer

from kbwf.errors import InfrastructureError, PolicyError
from kbwf.policies.adapter_files import adapter_digest, adapter_folder, check_checkpoint
from kbwf.policies.encoder import Encoder
from kbwf.policies.generation import DrawnTokens, DrawRequest, draw_tokens
from kbwf.policies.logprobs import passage_logprobs
from kbwf.policies.pretrained import (
    ChatTemplate,
    check_model,
    eos_ids,
    folder_digest,
    loading,
    location_of,
    with_adapter,
)
from kbwf.policies.protocols import Draw, Message
from kbwf.records import Checkpoint, Task
from kbwf.settings import BaseSettings, PromptSettings

log = logging.getLogger(__name__)

Device = Literal["auto", "cpu", "cuda", "spread"]
Dtype = Literal["auto", "float64", "float32", "bfloat16", "float16"]
"""Of the weights; auto: float32 on a CPU, the checkpoint's own on a GPU. float64 is for checking the others."""

ONE_THREAD_PARAMETERS = 20_000_000
"""Smaller models run on one thread of a CPU: more make them no faster, and where cores are shared thirty times slower,
because threads wait for each other after each small operation."""


def describe_policy(policy_id: str, settings: dict[str, Any], prompt: PromptSettings, demo: Path | None) -> Checkpoint:
    """See `PolicyModule`: configuration, tokenizer and chat template are loaded, but no weights.

    Raises:
        PolicyError: the model is missing, damaged, or has no chat template; it is `demo`, but that was not trained.
    """
    base = BaseSettings.model_validate(settings)
    if base.model == "demo" and demo is None:
        raise PolicyError("base.model is demo, but no folder of a trained demo policy was given; train it first")
    base_model = str(demo) if base.model == "demo" else base.model
    if base.revision is not None and Path(base_model).expanduser().is_dir():
        raise PolicyError(
            f"base.revision {base.revision!r} goes with a Hugging Face name, but base.model {base.model!r} is a folder;"
            " remove it"
        )
    revision = check_model(base_model, base.revision, prompt.chat_template)
    adapter = None if base.adapter is None else adapter_folder(str(base.adapter))
    return Checkpoint(
        policy_id=policy_id,
        backend="local",
        step=0,
        base_model=base_model,
        revision=revision,
        sampler_path=str(adapter) if adapter else None,
        sampler_sha256=adapter_digest(adapter) if adapter else None,
    )


def open_sampler(checkpoint: Checkpoint, settings: dict[str, Any], prompt: PromptSettings) -> "LocalPolicy":
    """See `PolicyModule`.

    Raises:
        PolicyError: the policy cannot be loaded; its adapter is not the one that the checkpoint tells of.
    """
    base = BaseSettings.model_validate(settings)
    check_checkpoint(checkpoint)
    assert checkpoint.base_model is not None, "just checked"
    return LocalPolicy(
        checkpoint.base_model,
        checkpoint.revision,
        checkpoint.sampler_path,
        base.device,
        base.dtype,
        prompt.chat_template,
    )


class LocalPolicy:
    """A `Sampler` and `Scorer` that holds the weights in memory."""

    def __init__(
        self,
        base_model: str,
        revision: str | None = None,
        adapter: str | None = None,
        device: Device = "auto",
        dtype: Dtype = "auto",
        chat_template: ChatTemplate = "tokenizer",
    ) -> None:
        """Load model, tokenizer and adapter.

        Args:
            base_model: a folder, or a Hugging Face name.
            revision: of a Hugging Face name; for a folder the digest that its content must still have.
            adapter: folder of a peft adapter that is laid over the weights.

        Raises:
            PolicyError: model or adapter is missing, damaged or changed; no GPU where one is asked for; no chat
                template.
        """
        location = location_of(base_model)
        if device in ("cuda", "spread") and not torch.cuda.is_available():
            raise PolicyError(f"base.device is {device}, but torch sees no GPU here; use cpu or auto")
        device = device if device != "auto" else "cuda" if torch.cuda.is_available() else "cpu"
        weights_dtype = dtype if dtype != "auto" else "float32" if device == "cpu" else "auto"
        hub_revision = None if Path(location).is_dir() else revision
        with loading(base_model):
            tokenizer = AutoTokenizer.from_pretrained(location, revision=hub_revision)
            self._model: Any = AutoModelForCausalLM.from_pretrained(
                location,
                revision=hub_revision,
                dtype=weights_dtype,
                device_map="balanced" if device == "spread" else None,
            )
        context = getattr(self._model.config.get_text_config(), "max_position_embeddings", None)
        self._encoder = Encoder(tokenizer, chat_template, base_model, context)
        self._base_model = base_model
        self._knows_logits_to_keep = "logits_to_keep" in inspect.signature(self._model.forward).parameters
        self._eos_ids = eos_ids(self._model, tokenizer)
        if Path(location).is_dir():
            state = folder_digest(Path(location))
            if revision is not None and revision != state:
                raise PolicyError(
                    f"{location} has changed: its content has digest {state[:12]}, the policy was described with"
                    f" {revision[:12]}; remove the policy's checkpoint.json and run the workflow again"
                )
        else:
            state = getattr(self._model.config, "_commit_hash", None) or revision or "unknown revision"
        self.model = f"{base_model}@{state[:12]}"
        if adapter is not None:
            self._model = with_adapter(self._model, adapter)
            self.model += f" + {adapter}@{folder_digest(Path(adapter))[:12]}"
        if device != "spread":
            self._model.to(device)
        self._model.eval()

    def sample(
        self, task: Task, messages: Sequence[Message], num_samples: int, seed: int, temperature: float, max_tokens: int
    ) -> list[Draw]:
        """See `Sampler.sample`.

        Raises:
            PolicyError: the prompt does not fit the context, the logits are no numbers, or the GPU's memory is too
                small.
            InfrastructureError: the GPU failed.
        """
        return self.sample_many([(task, messages, num_samples, seed)], temperature, max_tokens)[0]

    def sample_many(
        self, prompts: Sequence[tuple[Task, Sequence[Message], int, int]], temperature: float, max_tokens: int
    ) -> list[list[Draw]]:
        """See `BatchSampler.sample_many`. On a GPU whose memory is too small for all, half of the prompts wait.

        Raises:
            PolicyError: a prompt does not fit the context, the logits are no numbers, or the GPU's memory is too small
                for a single prompt and its samples.
            InfrastructureError: the GPU failed.
        """
        requests = [
            DrawRequest(self._encoder.encode(messages), num_samples, seed) for _, messages, num_samples, seed in prompts
        ]
        for request in requests:
            self._encoder.check_length(len(request.prompt_ids), max_tokens)
        with self._running():
            drawn = self._draw(requests, temperature, max_tokens)
        return [
            [self._to_draw(row, len(request.prompt_ids)) for row in rows]
            for request, rows in zip(requests, drawn, strict=True)
        ]

    def score(self, messages: Sequence[Message], responses: Sequence[tuple[int, ...]]) -> list[tuple[float, ...]]:
        """See `Scorer.score`.

        Raises:
            PolicyError: prompt and longest response do not fit the context, the logits are no numbers, or the GPU's
                memory is too small.
            InfrastructureError: the GPU failed.
        """
        return self.score_many([(messages, response) for response in responses])

    def score_many(self, passages: Sequence[tuple[Sequence[Message], tuple[int, ...]]]) -> list[tuple[float, ...]]:
        """See `Scorer.score_many`.

        Raises:
            PolicyError: a prompt and its response do not fit the context, the logits are no numbers, or the GPU's
                memory is too small.
            InfrastructureError: the GPU failed.
        """
        encoded = self._encoder.passages(passages)
        with self._running(), torch.inference_mode():
            scored = passage_logprobs(self._model, encoded, self._knows_logits_to_keep)
        return [tuple(logprobs_T.tolist()) for logprobs_T in scored]

    def release(self) -> None:
        """Give the weights' memory back; the policy cannot be used afterwards."""
        self._model = None
        gc.collect()
        if torch.cuda.is_available():
            torch.cuda.empty_cache()

    def _draw(self, requests: Sequence[DrawRequest], temperature: float, max_tokens: int) -> list[list[DrawnTokens]]:
        """In one batch, or in several where the GPU's memory asks for it: prompts do not depend on each other."""
        if not requests:
            return []
        options = {"logits_to_keep": 1} if self._knows_logits_to_keep else {}
        is_on_gpu = self._model.device.type == "cuda"
        try:
            return draw_tokens(self._model, requests, temperature, max_tokens, self._eos_ids, options, is_on_gpu)
        except torch.OutOfMemoryError:
            if len(requests) == 1:
                raise
        # Outside the handler, where the failed batch's tensors are gone.
        log.warning("the GPU's memory is too small for %d prompts in one batch; drawing half at a time", len(requests))
        middle = len(requests) // 2
        halves = (requests[:middle], requests[middle:])
        return [rows for half in halves for rows in self._draw(half, temperature, max_tokens)]

    def _to_draw(self, row: DrawnTokens, num_prompt_tokens: int) -> Draw:
        text_ids = row.token_ids_T[:-1] if row.is_ended else row.token_ids_T
        return Draw(
            text=self._encoder.decode(text_ids),
            token_ids_T=tuple(row.token_ids_T),
            sampling_logprobs_T=tuple(row.sampling_logprobs_T),
            policy_logprobs_T=tuple(row.policy_logprobs_T),
            num_prompt_tokens=num_prompt_tokens,
            finish_reason="stop" if row.is_ended else "length",
        )

    @contextmanager
    def _running(self) -> Iterator[None]:
        """Around the model's passes: small models get one thread, and errors of the GPU get their class.

        A GPU that is too small stays so; with one that failed, another try may succeed.
        """
        threads_before = torch.get_num_threads()
        if self._model.device.type == "cpu" and self._model.num_parameters() < ONE_THREAD_PARAMETERS:
            torch.set_num_threads(1)
        try:
            yield
        except torch.OutOfMemoryError as error:
            raise PolicyError(
                f"{self._base_model}: the GPU's memory is too small ({error}); lower sampling.chunk_size, or"
                " set base.dtype: bfloat16"
            ) from error
        except torch.AcceleratorError as error:
            raise InfrastructureError(f"{self._base_model}: the GPU failed: {error}") from error
        finally:
            torch.set_num_threads(threads_before)
