"""One chunk of samples, for one task and one seed: drawn by one call to a policy, or taken from what was recorded."""

import hashlib
import json
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Any, cast

from kbwf import answer_store
from kbwf.policies import table
from kbwf.policies.protocols import Message, PolicyModule, RecordingModule, Sampler
from kbwf.policy_settings import ACCESS_KEYS
from kbwf.records import Checkpoint, Sample, Task
from kbwf.records.base import canonical_json, sha256_of
from kbwf.settings import PromptSettings
from kbwf.store import read_record, read_text, write_records
from kbwf.tasks.prompts import build_messages

_VERSION = 1
"""Of what a request means, raised by hand: a kept answer must be what would be drawn now."""


def draw_chunk(
    sampler: Sampler,
    checkpoint: Checkpoint,
    task: Task,
    prompt: PromptSettings,
    seed: int,
    chunk: int,
    chunk_size: int,
    temperature: float,
    max_tokens: int,
) -> list[Sample]:
    """`chunk_size` samples, numbered on from the chunks before.

    Raises:
        PolicyError: the policy cannot answer this prompt.
        TaskError: the reference has no `Model.forward` to ask for.
    """
    messages = build_messages(task, prompt.style)
    drawn_from = draw_seed(seed, task.task_id, chunk, checkpoint.step)
    draws = sampler.sample(task, messages, chunk_size, drawn_from, temperature, max_tokens)
    return [
        Sample(
            task_id=task.task_id,
            policy_id=checkpoint.policy_id,
            seed=seed,
            sample_idx=chunk * chunk_size + position,
            response=draw.text,
            token_ids_T=draw.token_ids_T,
            sampling_logprobs_T=draw.sampling_logprobs_T,
            policy_logprobs_T=draw.policy_logprobs_T,
            temperature=temperature,
            num_prompt_tokens=draw.num_prompt_tokens,
            finish_reason=draw.finish_reason,
            num_reported_tokens=draw.num_reported_tokens,
            prompt_sha256=_sha256_of(messages),
            model=sampler.model,
        )
        for position, draw in enumerate(draws)
    ]


def draw_seed(seed: int, task_id: str, chunk: int, step: int = 0) -> int:
    """63-bit seed of one draw: the first bits of the SHA-256 of `seed/task_id/chunk`, from step 1 on with `/step`.

    Tasks, chunks and steps get different numbers: a run whose every step saw the same random numbers would learn their
    noise. What the policy is called has no part in it, so that two runs are compared on the same.
    """
    text = f"{seed}/{task_id}/{chunk}" + (f"/{step}" if step else "")
    digest = hashlib.sha256(text.encode()).digest()
    return int.from_bytes(digest[:8], "big") >> 1


def refused_chunk(
    checkpoint: Checkpoint, task: Task, refusal: str, seed: int, chunk: int, chunk_size: int, temperature: float
) -> list[Sample]:
    """As many samples as a chunk has, of a task that cannot be judged: nobody was asked, and they say why."""
    return [
        Sample(
            task_id=task.task_id, policy_id=checkpoint.policy_id, seed=seed, sample_idx=chunk * chunk_size + position,
            response="", token_ids_T=(), sampling_logprobs_T=None, policy_logprobs_T=None, temperature=temperature,
            num_prompt_tokens=0, finish_reason=None, prompt_sha256=None, model="", refusal=refusal,
        )
        for position in range(chunk_size)
    ]  # fmt: skip


def _conditions(checkpoint: Checkpoint, task: Task, prompt: PromptSettings, request: dict[str, Any]) -> dict[str, Any]:
    """What a chunk's answers depend on; what the policy is called, and how it is reached, has no part in it."""
    return {
        "version": _VERSION,
        "checkpoint": json.loads(checkpoint.model_copy(update={"policy_id": ""}).to_json()),
        "settings": {name: value for name, value in request["settings"].items() if name not in ACCESS_KEYS},
        "messages": _sha256_of(build_messages(task, prompt.style)),
        "seed": draw_seed(request["seed"], task.task_id, request["chunk"], checkpoint.step),
        "draw": [request[name] for name in ("chunk_size", "temperature", "max_tokens")],
    }


def _sha256_of(messages: Sequence[Message]) -> str:
    return sha256_of(canonical_json(list(messages)))


class SampleHandler:
    """Answers the requests of sampling jobs, and keeps the policy of the last one in memory between them."""

    def __init__(self) -> None:
        self._sampler: Sampler | None = None
        self._key = ""

    def handle(self, request: dict[str, Any]) -> dict[str, str]:
        """Draw one chunk, or take what was recorded, and write it.

        Args:
            request: `policy` and `task` (paths of a `Checkpoint` and a `Task`), `refusal` (path of the text that says
                why the task cannot be judged, empty if it can; may be left out), `prompt` and `settings` (the
                configuration's block prompt, and what the backend is told), `seed`, `chunk`, `chunk_size`,
                `temperature`, `max_tokens`, `output` (path of the JSON lines to write), and `store` (folder of answers
                to reuse; may be left out).

        Returns:
            `message`: samples, response tokens and seconds.

        Raises:
            PolicyError: the policy cannot be loaded or cannot answer this prompt.
            RecordError: checkpoint or task is missing or malformed.
            InfrastructureError: the GPU failed.
        """
        start_s = time.monotonic()
        checkpoint = read_record(Path(request["policy"]), Checkpoint)
        task = read_record(Path(request["task"]), Task)
        prompt = PromptSettings.model_validate(request["prompt"])
        seed, chunk, chunk_size = request["seed"], request["chunk"], request["chunk_size"]
        refusal = read_text(Path(request["refusal"])) if "refusal" in request else ""
        module, remark = table.load(checkpoint.backend), ""
        if refusal:
            temperature = request["temperature"]
            samples = refused_chunk(checkpoint, task, refusal, seed, chunk, chunk_size, temperature)
        elif table.BACKENDS[checkpoint.backend].is_recorded:
            recording = cast(RecordingModule, module)
            sample_idxs = range(chunk * chunk_size, (chunk + 1) * chunk_size)
            samples = recording.recorded_samples(checkpoint, request["settings"], task.task_id, seed, sample_idxs)
        else:
            samples, remark = self._drawn(checkpoint, task, prompt, request)
        write_records(Path(request["output"]), samples)
        num_tokens = sum(sample.num_tokens or 0 for sample in samples)
        took_s = time.monotonic() - start_s
        return {"message": f"{len(samples)} samples, {num_tokens} tokens, {took_s:.1f} s" + (remark and f"\n{remark}")}

    def _drawn(
        self, checkpoint: Checkpoint, task: Task, prompt: PromptSettings, request: dict[str, Any]
    ) -> tuple[list[Sample], str]:
        """A chunk of samples, and what the store says of it."""
        if "store" not in request or not table.BACKENDS[checkpoint.backend].is_kept:
            return self._asked(checkpoint, task, prompt, request), ""
        folder, conditions = Path(request["store"]), _conditions(checkpoint, task, prompt, request)
        found, remark = answer_store.find(folder, conditions)
        if found is None:
            samples = self._asked(checkpoint, task, prompt, request)
            return samples, answer_store.keep(folder, conditions, samples) or remark
        own = {"policy_id": checkpoint.policy_id, "task_id": task.task_id, "seed": request["seed"]}
        first = request["chunk"] * request["chunk_size"]
        taken = [each.model_copy(update={**own, "sample_idx": idx}) for idx, each in enumerate(found, first)]
        return taken, "answered earlier: taken from the store, not asked for again"

    def _asked(
        self, checkpoint: Checkpoint, task: Task, prompt: PromptSettings, request: dict[str, Any]
    ) -> list[Sample]:
        names = ("seed", "chunk", "chunk_size", "temperature", "max_tokens")
        sampler = self._sampler_of(checkpoint, request["settings"], prompt)
        return draw_chunk(sampler, checkpoint, task, prompt, *(request[name] for name in names))

    def _sampler_of(self, checkpoint: Checkpoint, settings: dict[str, Any], prompt: PromptSettings) -> Sampler:
        key = canonical_json([checkpoint.to_json(), settings, prompt.to_param()])
        if self._sampler is None or self._key != key:
            if self._sampler is not None:
                # Before the next one is loaded: two large models may not fit side by side.
                self._sampler.release()
                self._sampler = None
            module = cast(PolicyModule, table.load(checkpoint.backend))
            self._sampler, self._key = module.open_sampler(checkpoint, settings, prompt), key
        return self._sampler
