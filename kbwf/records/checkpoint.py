"""`Checkpoint`: a policy's stored weights. How they were made stands in `PolicyUpdate`: no time may change a sample."""

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
    """Folder of the adapter's weights to sample with, if any."""
    sampler_sha256: str | None = None
    """Of those weights: what samples depend on, however the weights came to be."""
    state_path: str | None = None
    """Folder of what training goes on from: optimizer and teacher."""
