"""Turning a problem's source into modules, parameters and inputs."""

import linecache
import random
import sys
import types
from typing import Any

import numpy as np
import torch


def load_module(source: str, name: str) -> types.ModuleType:
    """Execute a problem's source as a module of its own.

    It behaves as if it lay in a file: it is among `sys.modules`, and `linecache` knows its text, so that tracebacks,
    `inspect.getsource` (which Triton and TorchScript call), dataclasses and pickle find it.
    """
    module = types.ModuleType(name)
    filename = f"/kbwf/{name}.py"
    module.__file__ = filename
    linecache.cache[filename] = (len(source), None, source.splitlines(keepends=True), filename)
    sys.modules[name] = module
    seed_all(0)  # what a reference draws when it is loaded is the same in each of its processes
    exec(compile(source, filename, "exec"), module.__dict__)
    return module


def build_model(
    module: types.ModuleType,
    class_name: str,
    reference: types.ModuleType,
    device: torch.device,
    weights_seed: int,
    is_training: bool,
) -> torch.nn.Module:
    """An instance of `class_name` on the device, its parameters drawn from a seed.

    Args:
        reference: the module whose `get_init_inputs` says what the class is made with; a kernel's need not have one.
        is_training: whether it is in training mode, as a module is when it is made.
    """
    with torch.device(device):
        seed_all(weights_seed)
        arguments = [placed(argument, device) for argument in reference.get_init_inputs()]
        seed_all(weights_seed)
        model: torch.nn.Module = getattr(module, class_name)(*arguments)
    return model.to(device).train(is_training)


def draw_inputs(module: types.ModuleType, seed: int, device: torch.device) -> list[Any]:
    """The arguments of `forward`, drawn on the device itself: gigabytes take milliseconds there."""
    with torch.device(device):
        seed_all(seed)
        return [placed(argument, device) for argument in module.get_inputs()]


def seed_all(seed: int) -> None:
    """Seed every generator a problem may draw from."""
    random.seed(seed)
    np.random.seed(seed % 2**32)
    # `torch.manual_seed` formats the stack for each kind of device that is not there, half a millisecond a call.
    torch.default_generator.manual_seed(seed)
    if torch.cuda.is_initialized():
        torch.cuda.manual_seed_all(seed)


def placed(value: Any, device: torch.device) -> Any:
    """The value with all its tensors on the device."""
    if isinstance(value, torch.Tensor):
        return value.to(device)
    if type(value) in (list, tuple):
        return type(value)(placed(each, device) for each in value)
    if type(value) is dict:
        return {key: placed(each, device) for key, each in value.items()}
    return value
