"""Calls of cuda-bindings, with a package of that name in its place: what they return and what an error becomes."""

import sys
from enum import IntEnum
from types import ModuleType, SimpleNamespace

import pytest

from kbwf.cuda_calls import compiler_call, driver_call
from kbwf.errors import InfrastructureError


class Code(IntEnum):
    SUCCESS = 0
    OUT_OF_MEMORY = 2


@pytest.fixture(autouse=True)
def bindings(monkeypatch: pytest.MonkeyPatch) -> None:
    """A driver and a compiler of two functions and one."""
    driver = SimpleNamespace(
        cuMemAlloc=lambda num_bytes: (Code.SUCCESS, num_bytes + 1) if num_bytes < 100 else (Code.OUT_OF_MEMORY, None),
        cuMemFree=lambda address: (Code.SUCCESS,),
    )
    nvrtc = SimpleNamespace(nvrtcGetCUBINSize=lambda program: (Code.SUCCESS, len(program)))
    package = ModuleType("cuda.bindings")
    package.driver, package.nvrtc = driver, nvrtc  # type: ignore[attr-defined]
    monkeypatch.setitem(sys.modules, "cuda", ModuleType("cuda"))
    monkeypatch.setitem(sys.modules, "cuda.bindings", package)


def test_the_result_comes_without_the_status() -> None:
    """One value, or None where a function returns its status alone."""
    assert driver_call("cuMemAlloc", 7) == 8
    assert driver_call("cuMemFree", 8) is None
    assert compiler_call("nvrtcGetCUBINSize", b"abc") == 3


def test_a_refusal_is_a_fault_of_the_machine() -> None:
    """It names the function and CUDA's word for what was wrong."""
    with pytest.raises(InfrastructureError, match="CUDA refused cuMemAlloc: OUT_OF_MEMORY"):
        driver_call("cuMemAlloc", 100)
