"""What a runner is given: device, threads, memory, and the paths it may see."""

from pydantic import BaseModel, ConfigDict


class Confinement(BaseModel):
    """Told to the launcher for each runner."""

    model_config = ConfigDict(frozen=True, extra="forbid", strict=True)

    device: str
    """As torch names it: `cpu`, `cuda:0`."""
    num_threads: int
    max_memory_gb: float
    hidden: list[str]
    kept: list[str]


class Report:
    """Which steps of the sandbox were applied, and which this host does not permit, with the reason."""

    def __init__(self) -> None:
        self.applied: list[str] = []
        self.missing: list[str] = []
