"""Models and tokenizers of transformers, in a folder or on Hugging Face: what they are, and their loading."""

import hashlib
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Literal

from safetensors import SafetensorError
from transformers import AutoConfig, AutoTokenizer

from kbwf.errors import PolicyError
from kbwf.policies.adapter_files import adapter_folder

ChatTemplate = Literal["tokenizer", "plain"]

MODEL_FILES = {".json", ".jinja", ".txt", ".model", ".safetensors", ".bin"}
"""Suffixes of what a model folder is made of; anything else in it does not count for its digest."""

MAX_BYTES_DIGESTED = 100_000_000
"""Larger files enter a folder's digest by name and size: hashing many gigabytes costs minutes per load."""

LOADING_ERRORS = (OSError, ValueError, KeyError, ImportError, RuntimeError, SafetensorError)


def folder_digest(folder: Path) -> str:
    """Hex SHA-256 over names and contents of a model folder's files; of files past 100 MB, over names and sizes."""
    digest = hashlib.sha256()
    for path in sorted(path for path in folder.iterdir() if path.is_file() and path.suffix in MODEL_FILES):
        size = path.stat().st_size
        digest.update(f"{path.name}\0{size}\0".encode())
        if size < MAX_BYTES_DIGESTED:
            digest.update(path.read_bytes())
    return digest.hexdigest()


def check_model(base_model: str, revision: str | None, chat_template: ChatTemplate) -> str | None:
    """Load configuration and tokenizer, but no weights, so that a bad name stops a study before it has begun.

    Returns:
        What the model is, exactly: a folder's content digest, or the commit that a Hugging Face name points to now
        (None if the cache does not know it).

    Raises:
        PolicyError: no such folder or model, a folder without model or weights, no chat template where one is needed.
    """
    location = location_of(base_model)
    is_folder = Path(location).is_dir()
    if is_folder and not any(path.suffix in {".safetensors", ".bin"} for path in Path(location).iterdir()):
        raise PolicyError(
            f"{location} holds no weights (*.safetensors or *.bin); give a folder made by save_pretrained"
        )
    with loading(base_model):
        config = AutoConfig.from_pretrained(location, revision=revision)
        tokenizer = AutoTokenizer.from_pretrained(location, revision=revision)
    check_chat_template(tokenizer, base_model, chat_template)
    if is_folder:
        return folder_digest(Path(location))
    return getattr(config, "_commit_hash", None) or revision


def location_of(base_model: str) -> str:
    """The folder or name that transformers is given.

    Raises:
        PolicyError: it looks like a folder, but there is none.
    """
    folder = Path(base_model).expanduser()
    if folder.is_dir():
        if not (folder / "config.json").is_file():
            raise PolicyError(f"{folder} holds no config.json; give a folder made by save_pretrained")
        return str(folder)
    if base_model[:1] in {"/", ".", "~"} or base_model.count("/") > 1:
        raise PolicyError(f"base.model {base_model!r} is no folder; give an existing one, or a Hugging Face name")
    return base_model


@contextmanager
def loading(what: str) -> Iterator[None]:
    """Around what loads a model or an adapter: errors become a `PolicyError` that names it and the way out."""
    try:
        yield
    except LOADING_ERRORS as error:
        reason = (str(error).strip() or type(error).__name__).splitlines()[0]
        way_out = (
            "the folder is damaged, or of a kind this transformers does not know; save it again, or update transformers"
            if Path(what).expanduser().is_dir()
            else "check the name; without a network, give a folder or a model that was downloaded before"
        )
        raise PolicyError(f"{what} cannot be loaded: {reason}; {way_out}") from error


def with_adapter(model: Any, adapter: str) -> Any:
    """The model with the adapter of peft that lies in a folder.

    Raises:
        PolicyError: it is missing or damaged, or of another model.
    """
    folder = adapter_folder(adapter)
    # Only an adapted policy needs peft, and importing it takes a second.
    from peft import PeftModel

    with loading(adapter):
        return PeftModel.from_pretrained(model, str(folder))


def check_chat_template(tokenizer: Any, base_model: str, chat_template: ChatTemplate) -> None:
    """Whether a model has the template that it is asked to use.

    Raises:
        PolicyError: it has none.
    """
    if chat_template == "tokenizer" and not tokenizer.chat_template:
        raise PolicyError(
            f"{base_model} has no chat template; use an instruction-tuned model or set prompt.chat_template: plain"
        )


def eos_ids(model: Any, tokenizer: Any) -> frozenset[int]:
    """All tokens that end a response: the generation settings name one or several; else the tokenizer's."""
    eos = model.generation_config.eos_token_id
    if eos is None:
        eos = tokenizer.eos_token_id
    if eos is None:
        return frozenset()
    return frozenset(eos) if isinstance(eos, list) else frozenset({eos})
