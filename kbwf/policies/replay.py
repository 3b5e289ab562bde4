"""Samples that exist already: from JSON lines, from a `runs/` folder of KernelBench, or from results of this workflow.

Nothing is drawn. Standard library and records only: the DAG is built with it, so that a gap is found before it.
"""

import hashlib
import json
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal, NamedTuple

from pydantic import BaseModel, ConfigDict, Field, ValidationError, model_validator

from kbwf.errors import PolicyError, RecordError
from kbwf.records import Checkpoint, Sample
from kbwf.records.origin import BASE
from kbwf.records.task import parse_task_id, task_id_of
from kbwf.settings import BaseSettings, PromptSettings
from kbwf.store import read_records

_KERNEL_FILE = re.compile(r"level_(\d+)_problem_(\d+)_sample_(\d+)_kernel\.py")
"""As KernelBench names what `generate_samples.py` has written."""


class Coordinates(NamedTuple):
    """Which sample: with the policy it is the record's `Origin`."""

    task_id: str
    seed: int
    sample_idx: int


class RecordedLine(BaseModel):
    """One line of a recording; docs/replay.md explains each field. T: response tokens."""

    model_config = ConfigDict(frozen=True, extra="forbid", allow_inf_nan=False, strict=True)

    task_id: str
    sample_idx: int = Field(ge=0)
    response: str
    seed: int = 0
    model: str = "recorded"
    token_ids: list[int] | None = None
    policy_logprobs: list[float] | None = None
    sampling_logprobs: list[float] | None = None
    num_tokens: int | None = Field(default=None, ge=0)
    temperature: float | None = Field(default=None, ge=0)
    num_prompt_tokens: int | None = Field(default=None, ge=0)
    finish_reason: Literal["stop", "length"] | None = None
    prompt_sha256: str | None = None

    @model_validator(mode="after")
    def _one_count(self) -> "RecordedLine":
        for name in ("token_ids", "policy_logprobs", "sampling_logprobs"):
            tokens = getattr(self, name)
            if self.num_tokens is not None and tokens is not None and len(tokens) != self.num_tokens:
                raise ValueError(f"num_tokens is {self.num_tokens}, but {name} has {len(tokens)}")
        return self


@dataclass(frozen=True)
class Recording:
    """What lies at one path."""

    path: Path
    files: tuple[Path, ...]
    """All that it consists of."""
    samples: Mapping[Coordinates, Sample]

    @property
    def digest(self) -> str:
        """Hex SHA-256 of names and contents."""
        digest = hashlib.sha256()
        for file in self.files:
            digest.update(f"{file.name}\0{file.stat().st_size}\0".encode())
            digest.update(file.read_bytes())
        return digest.hexdigest()

    def missing(self, task_ids: Sequence[str], seeds: Sequence[int], num_samples: int) -> list[Coordinates]:
        """Of the samples that a study needs, those that were not recorded."""
        wanted = (
            Coordinates(task_id, seed, idx) for task_id in task_ids for seed in seeds for idx in range(num_samples)
        )
        return [each for each in wanted if each not in self.samples]


def read_recording(path: Path) -> Recording:
    """What lies at a path: a file of JSON lines, KernelBench's kernels, or `results/` of this workflow.

    Raises:
        PolicyError: the path does not exist, or holds none of the three.
        RecordError: a line is malformed (it is named, with its field), or a sample occurs twice.
    """
    path = path.expanduser()
    try:
        if path.is_file():
            return Recording(path, (path,), _unique((f"{path}:{number}", one) for number, one in _lines(path)))
        if not path.is_dir():
            raise PolicyError(
                f"base.path {str(path.absolute())!r} does not exist; give a file of JSON lines, or a folder"
            )
        kernels = sorted(file for file in path.iterdir() if _KERNEL_FILE.fullmatch(file.name))
        if kernels:
            return Recording(path, tuple(kernels), _unique((str(file), _kernel(file)) for file in kernels))
        chunks = sorted(path.glob(f"samples/{BASE}/*/seed*/chunk*.jsonl"))
        if chunks:
            records = ((str(file), one) for file in chunks for one in read_records(file, Sample))
            # One without a response was never drawn: its task could not be judged where that was tried.
            return Recording(path, tuple(chunks), _unique(each for each in records if not each[1].refusal))
    except OSError as error:
        raise RecordError(
            f"{error.filename or path} cannot be read ({error.strerror}); give what you may read"
        ) from error
    raise PolicyError(
        f"base.path {str(path)!r} holds neither kernels of KernelBench (level_1_problem_1_sample_0_kernel.py) nor"
        f" samples of this workflow (samples/{BASE}/…); give one of its folders, or a file of JSON lines"
    )


def describe_policy(policy_id: str, settings: dict[str, Any], prompt: PromptSettings, demo: Path | None) -> Checkpoint:
    """See `RecordingModule`."""
    recording = read_recording(_path(settings))
    return Checkpoint(
        policy_id=policy_id, backend="replay", step=0, base_model=str(recording.path), revision=recording.digest
    )


def recorded_samples(
    checkpoint: Checkpoint, settings: dict[str, Any], task_id: str, seed: int, sample_idxs: range
) -> list[Sample]:
    """See `RecordingModule`."""
    recording = read_recording(_path(settings))
    found = []
    for sample_idx in sample_idxs:
        sample = recording.samples.get(Coordinates(task_id, seed, sample_idx))
        if sample is None:
            raise PolicyError(f"{recording.path} has no sample {sample_idx} of {task_id}, seed {seed}; record it")
        found.append(sample.model_copy(update={"policy_id": checkpoint.policy_id}))
    return found


def _path(settings: dict[str, Any]) -> Path:
    base = BaseSettings.model_validate(settings)
    if base.path is None:
        raise PolicyError("base.path is missing; give the samples to replay")
    return base.path


def _lines(path: Path) -> list[tuple[int, Sample]]:
    try:
        lines = path.read_bytes().decode().split("\n")
    except UnicodeDecodeError as error:
        raise RecordError(f"{path} is no UTF-8 text ({error}); give a file of JSON lines") from error
    return [(number, _line(line, f"{path}:{number}")) for number, line in enumerate(lines, 1) if line.strip()]


def _line(text: str, origin: str) -> Sample:
    try:
        content = json.loads(text, object_pairs_hook=_without_repetition)
    except (ValueError, RecursionError) as error:  # the numbers of Python's have a limit, and its nesting
        raise RecordError(f"{origin}: no JSON ({error}); each line is one object, see docs/replay.md") from error
    try:
        line = RecordedLine.model_validate(content)
        if task_id_of(*parse_task_id(line.task_id)) != line.task_id:
            raise ValueError(f"{line.task_id!r} is no task id")
        return Sample(
            task_id=line.task_id,
            policy_id=BASE,
            seed=line.seed,
            sample_idx=line.sample_idx,
            response=line.response,
            token_ids_T=None if line.token_ids is None else tuple(line.token_ids),
            sampling_logprobs_T=None if line.sampling_logprobs is None else tuple(line.sampling_logprobs),
            policy_logprobs_T=None if line.policy_logprobs is None else tuple(line.policy_logprobs),
            num_reported_tokens=line.num_tokens,
            temperature=line.temperature,
            num_prompt_tokens=line.num_prompt_tokens,
            finish_reason=line.finish_reason,
            prompt_sha256=line.prompt_sha256,
            model=line.model,
        )
    except ValidationError as error:
        problems = "; ".join(
            f"{'.'.join(map(str, one['loc'])) or 'line'}: {one['msg'].removeprefix('Value error, ')}"
            for one in error.errors()
        )
        raise RecordError(f"{origin}: {problems}; see docs/replay.md for the fields") from error
    except ValueError as error:
        raise RecordError(
            f"{origin}: task_id {content.get('task_id')!r}: {error}; it is written like l1_p012"
        ) from error


def _without_repetition(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    names = [name for name, _ in pairs]
    repeated = sorted({name for name in names if names.count(name) > 1})
    if repeated:
        raise ValueError(f"it has {', '.join(repeated)} twice")
    return dict(pairs)


def _kernel(file: Path) -> Sample:
    """A kernel as it was extracted by KernelBench; fenced, so that it reads like the response it came from."""
    try:
        source = file.read_text(encoding="utf-8")
    except UnicodeDecodeError as error:
        raise RecordError(f"{file} is no UTF-8 text ({error}); convert it, or leave it out of the folder") from error
    match = _KERNEL_FILE.fullmatch(file.name)
    assert match is not None, "the caller has looked"
    level, problem_id, sample_idx = map(int, match.groups())
    return Sample(
        task_id=task_id_of(level, problem_id),
        policy_id=BASE,
        seed=0,
        sample_idx=sample_idx,
        response=f"```python\n{source}\n```",
        token_ids_T=None,
        sampling_logprobs_T=None,
        policy_logprobs_T=None,
        temperature=None,
        num_prompt_tokens=None,
        finish_reason=None,
        prompt_sha256=None,
        model=f"KernelBench run {file.parent.name}",
    )


def _unique(found: Any) -> dict[Coordinates, Sample]:
    origins: dict[Coordinates, str] = {}
    samples: dict[Coordinates, Sample] = {}
    for origin, sample in found:
        key = Coordinates(sample.task_id, sample.seed, sample.sample_idx)
        if key in samples:
            raise RecordError(
                f"{origin}: sample {key.sample_idx} of {key.task_id}, seed {key.seed} is already in {origins[key]};"
                " number the samples of a task and seed from 0, each once"
            )
        origins[key], samples[key] = origin, sample
    return samples
