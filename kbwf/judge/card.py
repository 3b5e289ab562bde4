"""How fast a card's clocks run and what holds them back, by NVML, which comes with NVIDIA's driver."""

from collections.abc import Sequence
from typing import Any, NamedTuple

import torch

from kbwf.records.evaluation import POWER_CAP

_REASONS = {
    "SwPowerCap": POWER_CAP, "HwSlowdown": "slowdown by hardware", "SwThermalSlowdown": "heat",
    "HwThermalSlowdown": "heat, by hardware", "HwPowerBrakeSlowdown": "power brake",
}  # fmt: skip
"""What can hold clocks back, by the end of NVML's name for it (nvml.h, nvmlClocksEventReason...)."""


class Reading(NamedTuple):
    """Of one moment."""

    clock_mhz: int
    """Of the multiprocessors."""
    reasons: frozenset[str]
    """What holds them back."""

    @property
    def is_throttled(self) -> bool:
        """By something that comes and goes, so that one program may have met it and the other not."""
        return bool(self.reasons - {POWER_CAP})


class Card:
    """One GPU, as NVML knows it."""

    def __init__(self, nvml: Any, uuid: str) -> None:
        """Of a GPU's UUID; NVML raises what it knows no better."""
        nvml.nvmlInit()
        self._nvml = nvml
        self._handle = nvml.nvmlDeviceGetHandleByUUID(uuid)
        self._reasons = [(getattr(nvml, f"nvmlClocksThrottleReason{name}"), text) for name, text in _REASONS.items()]
        self.read()

    def read(self) -> Reading:
        """The clock and what holds it back, now."""
        clock_mhz = self._nvml.nvmlDeviceGetClockInfo(self._handle, self._nvml.NVML_CLOCK_SM)
        bits = self._nvml.nvmlDeviceGetCurrentClocksThrottleReasons(self._handle)
        return Reading(clock_mhz, frozenset(text for bit, text in self._reasons if bits & bit))

    def look(self) -> list[Reading]:
        """The same in a list of one; an empty one where NVML has lost the GPU, as in containers, and CUDA has not."""
        try:
            return [self.read()]
        except self._nvml.NVMLError:
            return []


def card_of(device: torch.device) -> Card | None:
    """None on the CPU, and where NVML says nothing of this GPU (a part of one, a container without the library)."""
    if device.type != "cuda":
        return None
    import pynvml

    uuid = str(torch.cuda.get_device_properties(device).uuid)
    try:
        return Card(pynvml, uuid if uuid.startswith(("GPU-", "MIG-")) else f"GPU-{uuid}")
    except pynvml.NVMLError:
        return None


def summary(readings: Sequence[Reading]) -> tuple[tuple[int, int] | None, tuple[str, ...]]:
    """Lowest and highest clock, and everything that held it back."""
    clocks_mhz = [reading.clock_mhz for reading in readings]
    reasons = {reason for reading in readings for reason in reading.reasons}
    return ((min(clocks_mhz), max(clocks_mhz)) if clocks_mhz else None), tuple(sorted(reasons))
