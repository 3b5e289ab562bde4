"""`Checkpoint`: a policy's stored weights, and how it came to be."""

from pydantic import Field

from kbwf.records.base import Record


class Checkpoint(Record):
    """Everything a backend needs to sample from a policy."""

    policy_id: str
    """`base`, `identity`, or `{run}.step{n}`."""
    backend: str
    """Where it runs: a name of `kbwf/policies/table.py`."""
    step: int = Field(ge=0)
    """Optimizer updates applied since `base`."""
    base_model: str | None
    """Folder or Hugging Face name; None for identity."""
    revision: str | None
    """Revision asked for, or the content digest of a folder."""
    sampler_path: str | None = None
    """Adapter weights to sample with, if any."""
