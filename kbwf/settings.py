"""The settings of a study: every key of its configuration, its unit, its default and what it must agree with.

`config.yaml` is validated once (`load_settings`), before the DAG, and only the validated object is used
afterwards. The JSON schema and the reference page in `docs/` are generated from this module.
"""

import json
import re
from collections.abc import Callable
from pathlib import Path
from typing import Annotated, Any, Literal

from pydantic import Field, ValidationError, field_validator, model_validator

from kbwf.errors import ConfigError
from kbwf.evaluation_settings import EvaluationSettings as EvaluationSettings  # so that all blocks are found here
from kbwf.masking import KEY_HELP, masked, may_name_key
from kbwf.policy_settings import KEYS_OF_BACKENDS
from kbwf.policy_settings import BaseSettings as BaseSettings
from kbwf.run_settings import RunSettings
from kbwf.settings_block import Seed, Settings

Strategy = Literal["random", "confidence", "surprisal", "surprisal_top_m", "shortest", "oracle", "surprisal_first"]

CONTROL_CHUNK_SIZE = 4


class TaskSettings(Settings):
    """Where the tasks come from and which of them the study uses."""

    source: Literal["bundled", "directory", "huggingface"] = "bundled"
    """bundled: the problems in this package (level 0) · directory: a checkout of KernelBench, or a folder laid out like
    it · huggingface: the data set `ScalingIntelligence/KernelBench`."""
    level: int = Field(default=0, ge=0)
    """KernelBench level (1 to 4); 0 is the bundled suite."""
    path: Path | None = None
    """directory only: the folder that holds `level1/`, `level2/` …"""
    revision: str | None = None
    """huggingface only: the data set's revision; None takes the newest and records it."""
    module_mode: Literal["train", "eval"] = "train"
    """train: modules run as they are made, in training mode, as KernelBench judges them (batch normalisation then uses
    the batch's own statistics); the prompt says so where it matters · eval: after `.eval()`."""
    split_seed: Seed = 42
    """Seed of the split into train and eval tasks."""
    subset: Literal["all", "train", "eval"] | tuple[Annotated[int, Field(ge=1)], ...] = "all"
    """Which tasks the study evaluates: a side of the split, all, or a list of problem ids."""
    skip_too_large: bool = False
    """Leave tasks out that do not fit the device's memory, and say so, instead of stopping before anything is
    sampled."""

    @model_validator(mode="after")
    def _agree(self) -> "TaskSettings":
        if (self.source == "directory") != (self.path is not None):
            raise ValueError(
                f"tasks.path goes with tasks.source: directory and only with it; source is {self.source!r} and path"
                f" {str(self.path) if self.path else None!r}"
            )
        if (self.source == "bundled") != (self.level == 0):
            raise ValueError(
                f"tasks.level 0 is the bundled suite and only that; source is {self.source!r} and level {self.level}"
            )
        if self.revision is not None and self.source != "huggingface":
            raise ValueError(f"tasks.revision goes with source: huggingface, not with {self.source!r}; remove it")
        if isinstance(self.subset, tuple) and len(set(self.subset)) != len(self.subset):
            raise ValueError(f"tasks.subset names a problem id twice: {list(self.subset)}")
        if self.subset == ():
            raise ValueError("tasks.subset is an empty list; name problem ids, or one of all, train, eval")
        return self

    def source_param(self) -> str:
        """What a single task depends on: the source, not which of its tasks the study uses."""
        return self._param("split_seed")

    def split_param(self) -> str:
        """What the split of a level depends on."""
        return self._param()

    def _param(self, *left_out: str) -> str:
        return json.dumps(self.model_dump(mode="json", exclude={"subset", "skip_too_large", *left_out}), sort_keys=True)


class PromptSettings(Settings):
    """How a task is put to the model."""

    style: Literal["forward_body", "model_new"] = "forward_body"
    """forward_body: only the body of `ModelNew.forward` is asked for (the paper's) · model_new: a whole `ModelNew`,
    with inline CUDA or Triton allowed (KernelBench's)."""
    chat_template: Literal["tokenizer", "plain"] = "tokenizer"
    """tokenizer: the model's own chat template · plain: the messages joined by blank lines, for base models."""


class SamplingSettings(Settings):
    """How many samples are drawn, and how."""

    num_samples: int = Field(default=16, ge=1)
    """Samples per task and seed: the N of Best-of-N."""
    chunk_size: int = Field(default=8, ge=1)
    """Samples drawn in one call. Keep it fixed in a study: a chunk's seed depends on its number, so more samples add
    chunks and leave the others as they are."""
    seeds: tuple[Seed, ...] = (0, 1)
    """Sampling seeds; each gives its own set of samples, and the spread between them is reported."""
    temperature: float = Field(default=0.25, ge=0, le=10)
    """0 is greedy."""
    max_tokens: int = Field(default=1024, ge=1)
    """Response tokens at most."""

    @model_validator(mode="after")
    def _agree(self) -> "SamplingSettings":
        if self.num_samples % self.chunk_size:
            below = self.num_samples // self.chunk_size * self.chunk_size
            raise ValueError(
                f"sampling.num_samples must be a multiple of chunk_size ({self.chunk_size}), got {self.num_samples};"
                f" use {f'{below} or ' if below else ''}{below + self.chunk_size}"
            )
        if not self.seeds or len(set(self.seeds)) != len(self.seeds):
            raise ValueError(f"sampling.seeds must be different numbers, at least one; got {list(self.seeds)}")
        return self

    def draw_param(self) -> str:
        """How samples are drawn, without their number: more of them must leave those there are alone."""
        return json.dumps(self.model_dump(mode="json", include={"chunk_size", "temperature", "max_tokens"}))


class ControlSettings(Settings):
    """The A/A control: the reference's own forward body, judged like any kernel."""

    num_samples: int = Field(default=4, ge=0)
    """Separate measurements per task and seed, in fours; 0 leaves the control out, and every number without its noise
    floor."""

    @model_validator(mode="after")
    def _agree(self) -> "ControlSettings":
        if self.num_samples % CONTROL_CHUNK_SIZE:
            raise ValueError(f"identity.num_samples must be a multiple of {CONTROL_CHUNK_SIZE}, got {self.num_samples}")
        return self


class SelectionSettings(Settings):
    """How one sample of a task is chosen."""

    strategies: tuple[Strategy, ...] = ("random", "confidence", "surprisal", "surprisal_top_m", "shortest", "oracle")
    """In the order of the report's table. surprisal_first, which is not among the defaults, ranks before anything is
    judged."""
    surprisal: Literal["mean", "sum"] = "mean"
    """Negative log-likelihood per token (the paper's) or of the whole response."""
    top_m: int = Field(default=3, ge=1)
    """m of surprisal_top_m and surprisal_first."""
    best: Strategy = "oracle"
    """The strategy whose choices are written to `results/best/`."""
    num_confirmations: int = Field(default=3, ge=0)
    """Every kernel that a strategy chose is measured again in so many fresh pairs of processes; 0 leaves it out, and
    then no kernel counts as confirmed."""

    @model_validator(mode="after")
    def _agree(self) -> "SelectionSettings":
        if len(set(self.strategies)) != len(self.strategies) or not self.strategies:
            raise ValueError(f"selection.strategies must be different names, at least one; got {list(self.strategies)}")
        if self.best not in self.strategies or self.best == "random":
            raise ValueError(
                f"selection.best is {self.best!r}; it must be one of selection.strategies {list(self.strategies)} and"
                " not random, which chooses no single sample"
            )
        return self

    def choice_param(self) -> str:
        """What a strategy's choice depends on, without which strategies there are and what becomes of it."""
        left_out = {"strategies", "best", "num_confirmations"}
        return json.dumps(self.model_dump(mode="json", exclude=left_out), sort_keys=True)

    def confirmation_param(self) -> str:
        """What measuring a chosen kernel again depends on."""
        return json.dumps(self.model_dump(mode="json", include={"num_confirmations"}))


class ReportSettings(Settings):
    """Intervals of the report."""

    num_resamples: int = Field(default=2000, ge=100)
    """Bootstrap resamples over tasks and seeds, and permutations for what chance gives."""
    bootstrap_seed: Seed = 0
    """Seed of both; the same seed gives the same intervals."""
    confidence_level: float = Field(default=0.95, gt=0.5, lt=1)
    """Width of the report's intervals."""


class DemoSettings(Settings):
    """Training of the demo policy; only read when `base.model` is `demo`."""

    seed: int = 0
    """Of the weights and of the order of the corpus."""
    num_steps: int = Field(default=500, ge=1)
    """Optimizer updates."""
    batch_size: int = Field(default=2, ge=1)
    """Tasks per update, each with all its formulations."""
    num_threads: int = Field(default=1, ge=1)
    """CPU threads; the weights are reproducible for a given number."""


class StoreSettings(Settings):
    """The store of evaluations, in which equal kernels are looked up. It says how a study runs, not what comes out, so
    that a change reruns nothing."""

    path: Path | None = None
    """A folder; studies, users and machines may share one, also on a network file system. `~` is the home folder; null
    keeps it with the results."""
    max_mb: float | None = Field(default=2000.0, ge=0)
    """At the end of a run the entries longest unused are removed until so many megabytes are left; null keeps all."""

    @field_validator("path", mode="before")
    @classmethod
    def _is_named(cls, value: object) -> object:
        text = str(value)
        if not text.strip():
            raise ValueError("store.path is empty, which would be the current folder; name a folder, or null")
        if "\0" in text or any("\ud800" <= letter <= "\udfff" for letter in text):
            raise ValueError(f"store.path is {text!r}, which no folder can be called")
        return value


class StudySettings(Settings):
    """A whole study."""

    tasks: TaskSettings = TaskSettings()
    prompt: PromptSettings = PromptSettings()
    base: BaseSettings = BaseSettings()
    sampling: SamplingSettings = SamplingSettings()
    identity: ControlSettings = ControlSettings()
    evaluation: EvaluationSettings = EvaluationSettings()
    selection: SelectionSettings = SelectionSettings()
    report: ReportSettings = ReportSettings()
    store: StoreSettings = StoreSettings()
    demo: DemoSettings = DemoSettings()
    runs: tuple[RunSettings, ...] = ()

    @model_validator(mode="after")
    def _agree(self) -> "StudySettings":
        names = [run.name for run in self.runs]
        if len(set(names)) != len(names):
            raise ValueError(f"runs must have different names, got {names}")
        for run in self.runs:
            if run.rollouts_per_task % self.sampling.chunk_size:
                raise ValueError(
                    f"rollouts_per_task of run {run.name!r} must be a multiple of sampling.chunk_size"
                    f" ({self.sampling.chunk_size}), got {run.rollouts_per_task}"
                )
        if (
            "device" in KEYS_OF_BACKENDS[self.base.backend]  # a server's or a recording's name means no folder here
            and self.base.model != "demo"
            and self.base.model[0] in "./~"
            and not Path(self.base.model).expanduser().is_dir()
        ):
            raise ValueError(
                f"base.model {self.base.model!r} is no folder; give an existing one, or a Hugging Face name"
            )
        return self


Location = tuple[str | int, ...]
"""Keys and positions that lead to a value."""
_BRANCH = re.compile(r"(literal|tuple)\[.+\]")
"""What pydantic calls one of several kinds of value that a key may have: no part of what anybody wrote."""


def load_settings(
    raw: dict[str, Any], origin: str, source_of: Callable[[Location], str] = lambda _: ""
) -> StudySettings:
    """Validate what was read from YAML.

    Args:
        origin: where it was read.
        source_of: the file that a key is from, or an empty text for `origin`.

    Raises:
        ConfigError: one line per wrong key, naming the key, the value and what it should be.
    """
    try:
        return StudySettings.model_validate(raw)
    except ValidationError as error:
        lines_by_source: dict[str, list[str]] = {}
        for problem in error.errors():
            location = tuple(part for part in problem["loc"] if not _BRANCH.fullmatch(str(part)))
            key = ".".join(map(str, location)) or "(whole file)"
            message = problem["msg"].removeprefix("Value error, ")
            if problem["type"] == "extra_forbidden":
                message = "unknown key; see docs/config.md for those there are"
                if may_name_key(str(location[-1])):
                    message += f". If it is a secret: {KEY_HELP}"
            found = repr(masked(problem["input"], location))
            lines = lines_by_source.setdefault(source_of(location) or origin, [])
            lines.append(f"  {key}: {message}" + (f" (got {found})" if location else ""))
        said = []
        for source, lines in lines_by_source.items():
            said += [f"{source}: the configuration is not valid", *lines]
        raise ConfigError("\n".join(said)) from None  # the cause shows every value
