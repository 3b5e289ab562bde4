"""Calls of cuda-bindings, whose functions return a status before what they found: an error becomes one of ours.

The package comes with a CUDA build of torch, so it is imported where a call is made.
"""

from typing import Any

from kbwf.errors import InfrastructureError


def driver_call(function: str, *arguments: Any) -> Any:
    """The result of a function of the CUDA driver; None where it has none.

    Raises:
        InfrastructureError: it refused.
    """
    from cuda.bindings import driver

    return _result(function, getattr(driver, function)(*arguments))


def compiler_call(function: str, *arguments: Any) -> Any:
    """The same for NVRTC, which compiles CUDA's C++ at run time.

    Raises:
        InfrastructureError: it refused.
    """
    from cuda.bindings import nvrtc

    return _result(function, getattr(nvrtc, function)(*arguments))


def _result(function: str, answer: tuple[Any, ...]) -> Any:
    code, *results = answer
    if int(code):
        raise InfrastructureError(f"CUDA refused {function}: {code.name}; look at nvidia-smi, then run again")
    return results[0] if results else None
