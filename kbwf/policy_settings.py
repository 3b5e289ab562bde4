"""The block `base` of the configuration, whose keys depend on its backend."""

import json
import re
from pathlib import Path
from typing import Any, Literal

from pydantic import Field, model_validator

from kbwf.masking import KEY_HELP, names_sent_as_keys
from kbwf.settings_block import Settings

ACCESS_KEYS = ("base_url", "max_in_flight", "timeout_s", "deadline_s")
"""How a service is reached, on which no sample depends."""
KEYS_OF_BACKENDS = {
    "local": ("revision", "device", "dtype", "adapter"),
    "openai": ("logprobs_temperature", "extra_body", *ACCESS_KEYS),
    "tinker": (
        "logprobs_temperature", "renderer", "tokenizer", "adapter", "base_url", "max_in_flight", "deadline_s",
    ),
    "replay": ("path",),
}  # fmt: skip
_NEEDED_BY_BACKENDS = {
    "openai": ("base_url", "logprobs_temperature"),
    "tinker": ("logprobs_temperature",),
    "replay": ("path",),
}
_ALWAYS_WITH_LOGPROBS = ("tinker",)
_OWN_FIELDS = frozenset(
    "model messages prompt n best_of seed temperature max_tokens logprobs stream".split()  # noqa: SIM905
)
"""Of a request's fields, those that other settings decide, or that would change what comes back."""


class BaseSettings(Settings):
    """The base policy. Keys of another backend than the chosen one are refused."""

    backend: Literal["local", "openai", "tinker", "replay"] = "local"
    """local: transformers, on this machine · openai: a server with OpenAI's HTTP interface, as vLLM, SGLang and
    llama.cpp have it (docs/servers.md); it samples, and cannot be trained · tinker: the service Tinker, which samples
    and trains (docs/tinker.md) · replay: samples that exist already (docs/replay.md)."""
    model: str = Field(default="demo", min_length=1)
    """local: `demo` (a small model trained on the bundled suite), a folder, or a Hugging Face name · openai and
    tinker: the name under which the server lists the model · replay: not read."""
    revision: str | None = None
    """Hugging Face revision; None takes the newest and records it."""
    device: Literal["auto", "cpu", "cuda", "spread"] = "auto"
    """Where the model runs; auto takes a GPU if there is one · spread: layer by layer over all GPUs, for weights that
    one cannot hold."""
    dtype: Literal["auto", "float32", "bfloat16", "float16"] = "auto"
    """Precision of the weights; auto takes float32 on a CPU and the checkpoint's own on a GPU."""
    adapter: Path | None = None
    """local and tinker: folder of LoRA weights that belong to the base policy, such as `adapter/` of an rlvr run's last
    step. Runs go on from them, and need the same `lora_rank`."""
    tokenizer: Path | None = None
    """tinker only: folder of the model's tokenizer; None: that of `model` on Hugging Face."""
    renderer: Literal["gpt-oss", "qwen3", "qwen3-no-thinking"] | None = None
    """tinker only: how messages become tokens. gpt-oss: harmony without a system message · qwen3 · None: the
    tokenizer's chat template, as `prompt.chat_template` has it."""
    base_url: str | None = None
    """openai, and needed there: where the server is, as in `http://localhost:8000/v1` · tinker: where the service is;
    None: where its SDK looks for it. The key is no setting: it is taken from OPENAI_API_KEY or TINKER_API_KEY, in the
    environment or a file `.env`."""
    logprobs_temperature: Literal["one", "sampling", "none"] | None = None
    """openai and tinker, and needed there: which temperature the server's log-probabilities are at. one: temperature 1,
    whatever the sampling temperature (vLLM's default, llama.cpp) · sampling: the sampling temperature (SGLang's
    default); on tinker samples are then scored at temperature 1 besides · none (openai): do not ask for any. The answer
    does not say, and a wrong word here makes surprisal wrong; on tinker it is checked."""
    extra_body: dict[str, Any] = Field(default={})
    """openai only: further fields of each request, for what only some servers know (`top_k`, `return_token_ids`)."""
    max_in_flight: int = Field(default=16, ge=1)
    """openai and tinker: requests at a time of one job; of the study, so many times the `--cores`."""
    timeout_s: float = Field(default=600.0, gt=0)
    """openai only: how long one response may take."""
    deadline_s: float = Field(default=1800.0, gt=0)
    """openai and tinker: how long a request is tried, while the server is busy or not there."""
    path: Path | None = None
    """replay only, and needed there: a file of JSON lines, a `runs/` folder of KernelBench, or an earlier `results/`
    folder."""

    @model_validator(mode="after")
    def _agree(self) -> "BaseSettings":
        for key in self._others_keys():
            default = type(self).model_fields[key].get_default(call_default_factory=True)
            if getattr(self, key) != default:
                owners = " or ".join(backend for backend, keys in KEYS_OF_BACKENDS.items() if key in keys)
                raise ValueError(f"base.{key} goes with base.backend: {owners}, not with {self.backend}; remove it")
        for key in _NEEDED_BY_BACKENDS.get(self.backend, ()):
            if getattr(self, key) is None:
                raise ValueError(f"base.{key} is needed with base.backend: {self.backend}; see docs/config.md")
        if self.base_url is not None and not re.fullmatch(r"https?://[^/@\s?#]+(/[^@\s?#]*)?", self.base_url):
            # Not shown: where a password can stand, it may.
            raise ValueError(
                "base.base_url must be like http://localhost:8000/v1, without user, password or query: it is recorded."
                " A key belongs into OPENAI_API_KEY or TINKER_API_KEY"
            )
        if self.backend in _ALWAYS_WITH_LOGPROBS and self.logprobs_temperature == "none":
            raise ValueError(
                "base.logprobs_temperature none goes with openai; the service always gives them: one or sampling"
            )
        if keys := names_sent_as_keys(self.extra_body):
            raise ValueError(f"base.extra_body must not hold {', '.join(keys)}: it is recorded; {KEY_HELP}")
        clashing = sorted(_OWN_FIELDS & set(self.extra_body))
        if clashing:
            raise ValueError(f"base.extra_body must not set {', '.join(clashing)}: other settings decide them")
        return self

    def policy_param(self) -> str:
        """What samples depend on. Moving a server to another port must not draw them anew."""
        return self._param(exclude=set(ACCESS_KEYS))

    def access_param(self) -> str:
        """The rest."""
        return self._param(include=set(ACCESS_KEYS))

    def _param(self, **which: Any) -> str:
        others = self._others_keys()
        block = {key: value for key, value in self.model_dump(mode="json", **which).items() if key not in others}
        return json.dumps(block, sort_keys=True)

    def _others_keys(self) -> list[str]:
        """Those that this backend does not read."""
        own = KEYS_OF_BACKENDS[self.backend]
        return [key for keys in KEYS_OF_BACKENDS.values() for key in keys if key not in own]
