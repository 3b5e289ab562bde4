"""Turning a problem's source into modules, parameters and inputs; the same steps in judge and runner."""

import linecache
import random
import types
from typing import Any

import numpy as np
import torch

PARAMETER_SEED = 42
"""Seeds the parameters of `Model` and `ModelNew` alike. Not secret: parameters are part of the problem, inputs are."""


def load_module(source: str, name: str) -> types.ModuleType:
    """Execute a problem's source as a module of its own.

    The source is made known to `linecache`, so that tracebacks and `inspect.getsource` (which Triton and TorchScript
    call) find it.
    """
    module = types.ModuleType(name)
    filename = f"<{name}>"
    linecache.cache[filename] = (len(source), None, source.splitlines(keepends=True), filename)
    exec(compile(source, filename, "exec"), module.__dict__)
    return module


def build_model(
    module: types.ModuleType, class_name: str, reference: types.ModuleType, device: torch.device
) -> torch.nn.Module:
    """An instance of `class_name` on the device, in evaluation mode, its parameters drawn from `PARAMETER_SEED`.

    Args:
        reference: the module whose `get_init_inputs` says what the class is made with; a kernel's need not have one.
    """
    with torch.device(device):
        seed_all(PARAMETER_SEED)
        arguments = [_to(argument, device) for argument in reference.get_init_inputs()]
        seed_all(PARAMETER_SEED)
        model = getattr(module, class_name)(*arguments)
    return model.to(device).eval()


def draw_inputs(module: types.ModuleType, seed: int, device: torch.device) -> list[Any]:
    """The arguments of `forward`, drawn on the device itself: gigabytes take milliseconds there."""
    with torch.device(device):
        seed_all(seed)
        return [_to(argument, device) for argument in module.get_inputs()]


def seed_all(seed: int) -> None:
    """Seed every generator a problem may draw from."""
    random.seed(seed)
    np.random.seed(seed % 2**32)
    torch.manual_seed(seed)


def _to(value: Any, device: torch.device) -> Any:
    return value.to(device) if isinstance(value, torch.Tensor) else value
