"""What stands for the exact answer of a reference."""

import copy
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

import torch

from kbwf.verdict.tolerance import is_exact
from kbwf.verdict.variations import map_tensors

_BACKENDS: tuple[Any, ...] = (torch.backends.cuda.matmul, torch.backends.cudnn)
Forward = Callable[..., Any]
"""Takes the inputs of `forward`; returns tensors, alone or in lists, tuples and dicts."""


def in_float64(model: torch.nn.Module) -> Forward | None:
    """The model with parameters, inputs and whatever it creates in float64; None if it cannot be copied.

    A program that names a shorter dtype itself stays as exact as that.
    """
    try:
        wide = copy.deepcopy(model).double()
    except Exception:  # a model may hold what cannot be copied
        return None

    def run(*inputs: Any) -> Any:
        with _default_dtype(torch.float64):
            return wide(*map_tensors(_widened, inputs))

    return run


def in_full_float32(model: torch.nn.Module) -> Forward:
    """The model as it is, but that no product is rounded to TF32; takes no memory more."""

    def run(*inputs: Any) -> Any:
        before = [backend.allow_tf32 for backend in _BACKENDS]
        forbid_tf32()
        try:
            return model(*inputs)
        finally:
            for backend, allowed in zip(_BACKENDS, before, strict=True):
                backend.allow_tf32 = allowed

    return run


def forbid_tf32() -> None:
    """From now on, in this process: torch's own products and convolutions are as exact as float32 is."""
    for backend in _BACKENDS:
        backend.allow_tf32 = False


@contextmanager
def _default_dtype(dtype: torch.dtype) -> Iterator[None]:
    before = torch.get_default_dtype()
    torch.set_default_dtype(dtype)
    try:
        yield
    finally:
        torch.set_default_dtype(before)


def _widened(tensor: torch.Tensor) -> torch.Tensor:
    if is_exact(tensor.dtype):
        return tensor
    return tensor.to(torch.complex128 if tensor.is_complex() else torch.float64)
