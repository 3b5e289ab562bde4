"""A policy on Tinker, as it lies on disk: the service has the weights, a file says under which paths.

`adapter/tinker.json` is what samples come from, `state/tinker.json` what training goes on from. Both are small: equal
files are the same weights, for the service never gives a path twice.
"""

import hashlib
from pathlib import Path

from pydantic import BaseModel, ConfigDict, ValidationError

from kbwf.errors import PolicyError
from kbwf.store import write_text

FILE = "tinker.json"


class StoredWeights(BaseModel):
    """Where the service keeps the weights of one policy."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    base_model: str
    lora_rank: int
    sampler_path: str
    """To sample and score with."""
    state_path: str
    """Weights and optimizer, to train on."""
    first_sampler_path: str | None
    """Of the policy that the run began with, for a teacher that stays; None: the base model."""


def write_weights(folder: Path, weights: StoredWeights) -> None:
    """Into a folder, which is made."""
    folder.mkdir(parents=True, exist_ok=True)
    write_text(folder / FILE, weights.model_dump_json() + "\n")


def read_weights(folder: str | Path) -> StoredWeights:
    """What `write_weights` wrote.

    Raises:
        PolicyError: it is not there, or not that.
    """
    path = Path(folder) / FILE
    try:
        return StoredWeights.model_validate_json(path.read_text(encoding="utf-8"))
    except OSError as error:
        raise PolicyError(
            f"{folder} holds no {FILE}; give the folder adapter/ of a policy trained on Tinker"
        ) from error
    except ValidationError as error:
        raise PolicyError(f"{path} does not say where the weights are ({error}); train the policy again") from error


def adapter_digest(folder: Path) -> str:
    """Hex SHA-256 of what says where the weights are."""
    return hashlib.sha256((folder / FILE).read_bytes()).hexdigest()
