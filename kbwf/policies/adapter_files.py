"""An adapter on disk: whether it is one, and the one that a checkpoint tells of."""

import hashlib
from pathlib import Path

from kbwf.errors import PolicyError
from kbwf.records import Checkpoint


def check_checkpoint(checkpoint: Checkpoint) -> None:
    """Whether it is of this backend, and its adapter what it was.

    Raises:
        PolicyError: it is not.
    """
    if checkpoint.base_model is None:
        raise PolicyError(f"{checkpoint.policy_id}: a policy of backend local needs a base_model; describe it again")
    if checkpoint.sampler_path is not None:
        found = adapter_digest(adapter_folder(checkpoint.sampler_path))
        if found != checkpoint.sampler_sha256:
            raise PolicyError(
                f"{checkpoint.sampler_path} has changed: its weights have digest {found[:12]}, the checkpoint of"
                f" {checkpoint.policy_id} tells of {(checkpoint.sampler_sha256 or 'none')[:12]}; remove the checkpoint"
                " and run the workflow again"
            )


def adapter_digest(folder: Path) -> str:
    """Hex SHA-256 of the adapter's files, however large: they alone tell one step of a run from the next."""
    digest = hashlib.sha256()
    for path in sorted(path for path in folder.iterdir() if path.suffix in {".safetensors", ".json"}):
        digest.update(f"{path.name}\0{path.stat().st_size}\0".encode())
        digest.update(path.read_bytes())
    return digest.hexdigest()


def adapter_folder(adapter: str) -> Path:
    """The folder of a peft adapter.

    Raises:
        PolicyError: it is none.
    """
    if not (Path(adapter) / "adapter_config.json").is_file():
        raise PolicyError(f"{adapter} holds no adapter_config.json; give a folder that peft's save_pretrained made")
    return Path(adapter)
