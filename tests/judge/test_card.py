"""What NVML says of a card, from a library that is not there."""

import types
from typing import Any

import pytest
import torch

from kbwf.judge import card
from kbwf.judge.card import Card, Reading, card_of, summary


class Nvml:
    """A library that knows one GPU."""

    NVML_CLOCK_SM = 1
    nvmlClocksThrottleReasonSwPowerCap = 0x4
    nvmlClocksThrottleReasonHwSlowdown = 0x8
    nvmlClocksThrottleReasonSwThermalSlowdown = 0x20
    nvmlClocksThrottleReasonHwThermalSlowdown = 0x40
    nvmlClocksThrottleReasonHwPowerBrakeSlowdown = 0x80

    class NVMLError(Exception):
        """Whatever it refuses."""

    def __init__(self, bits: int = 0) -> None:
        self.bits, self.is_lost = bits, False

    def nvmlInit(self) -> None:
        """Always."""

    def nvmlDeviceGetHandleByUUID(self, uuid: str) -> str:
        """Of the one."""
        if uuid != "GPU-1":
            raise self.NVMLError(uuid)
        return uuid

    def nvmlDeviceGetClockInfo(self, handle: str, kind: int) -> int:
        """1980 MHz."""
        if self.is_lost:
            raise self.NVMLError("Unknown Error")
        assert (handle, kind) == ("GPU-1", 1)
        return 1980

    def nvmlDeviceGetCurrentClocksThrottleReasons(self, handle: str) -> int:
        """Whatever was said to hold it back."""
        return self.bits


@pytest.mark.parametrize(
    ("bits", "reasons", "is_throttled"),
    [
        (0x0, set(), False),
        (0x1 | 0x2 | 0x100, set(), False),  # idle, clocks that were asked for, a display
        (0x4, {"power cap"}, False),
        (0x20, {"heat"}, True),
        (0x4 | 0x8 | 0x40, {"power cap", "slowdown by hardware", "heat, by hardware"}, True),
        (0x80, {"power brake"}, True),
    ],
)
def test_a_card_is_throttled_by_what_comes_and_goes(bits: int, reasons: set[str], is_throttled: bool) -> None:
    """The power cap is how a card at full load runs; that it is idle holds nothing back."""
    reading = Card(Nvml(bits), "GPU-1").read()
    assert reading == Reading(1980, frozenset(reasons))
    assert reading.is_throttled == is_throttled


def test_a_card_that_nvml_loses_is_judged_on() -> None:
    """Containers lose it although CUDA goes on."""
    nvml = Nvml()
    found = Card(nvml, "GPU-1")
    assert found.look() == [Reading(1980, frozenset())]
    nvml.is_lost = True
    assert found.look() == []


def test_the_library_s_own_names_are_there() -> None:
    """None of them stands for nothing."""
    import pynvml

    for name in card._REASONS:
        assert getattr(pynvml, f"nvmlClocksThrottleReason{name}") == getattr(Nvml, f"nvmlClocksThrottleReason{name}")
    assert pynvml.NVML_CLOCK_SM == Nvml.NVML_CLOCK_SM


@pytest.mark.parametrize(("uuid", "is_known"), [("1", True), ("GPU-1", True), ("2", False), ("MIG-1", False)])
def test_the_card_is_found_by_what_torch_calls_it(monkeypatch: pytest.MonkeyPatch, uuid: str, is_known: bool) -> None:
    """With or without its prefix; of a part of a card NVML says nothing, and the judge does without."""
    monkeypatch.setitem(__import__("sys").modules, "pynvml", Nvml())
    monkeypatch.setattr(torch.cuda, "get_device_properties", lambda _: types.SimpleNamespace(uuid=uuid))
    assert (card_of(torch.device("cuda:0")) is not None) == is_known


def test_on_the_cpu_there_is_no_card(monkeypatch: pytest.MonkeyPatch) -> None:
    """Nobody asks for the library."""

    def refuse(*_: Any) -> None:
        raise AssertionError

    monkeypatch.setattr(torch.cuda, "get_device_properties", refuse)
    assert card_of(torch.device("cpu")) is None


def test_readings_come_to_a_range_and_reasons() -> None:
    """Of none there is nothing to say."""
    readings = [Reading(1980, frozenset()), Reading(1755, frozenset({"power cap"})), Reading(1800, frozenset({"heat"}))]
    assert summary(readings) == ((1755, 1980), ("heat", "power cap"))
    assert summary([]) == (None, ())
