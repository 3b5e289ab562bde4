"""Turning a problem's source into modules, parameters and inputs."""

import linecache
import random
import sys
import types
from typing import Any

import numpy as np
import torch
from torch.overrides import TorchFunctionMode

DrawInPlace = tuple[str, tuple[Any, ...]]
"""A tensor method that draws anew from the distribution an input came from, and its arguments."""


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
        arguments = [_to(argument, device) for argument in reference.get_init_inputs()]
        seed_all(weights_seed)
        model: torch.nn.Module = getattr(module, class_name)(*arguments)
    return model.to(device).train(is_training)


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


class _Recorder(TorchFunctionMode):
    """Remembers which tensors came straight from a generator, and how to draw another of the same distribution."""

    def __init__(self) -> None:
        super().__init__()
        self.drawn: list[tuple[torch.Tensor, DrawInPlace]] = []

    def __torch_function__(self, function: Any, types: Any, args: Any = (), kwargs: Any = None) -> Any:
        result = function(*args, **(kwargs or {}))
        how: DrawInPlace | None = None
        if function is torch.rand:
            how = ("uniform_", (0.0, 1.0))
        elif function is torch.randn:
            how = ("normal_", (0.0, 1.0))
        elif function is torch.randint and len(args) >= 2:
            bounds = args[:2] if isinstance(args[1], int) else (0, args[0])
            how = ("random_", bounds) if all(type(bound) is int for bound in bounds) else None
        if how is not None and isinstance(result, torch.Tensor):
            self.drawn.append((result, how))
        return result


def draw_recording(
    module: types.ModuleType, seed: int, device: torch.device
) -> tuple[list[Any], list[tuple[torch.Tensor, DrawInPlace]]]:
    """`draw_inputs`, and the tensors that are as a generator made them, with how to draw others like them.

    A tensor that was worked on afterwards (sorted, masked, cast) is not among them: its structure is part of the task.
    """
    recorder = _Recorder()
    with torch.device(device):
        seed_all(seed)
        with recorder:
            drawn = module.get_inputs()
    return [_to(argument, device) for argument in drawn], [each for each in recorder.drawn if each[0]._version == 0]


def _to(value: Any, device: torch.device) -> Any:
    if isinstance(value, torch.Tensor):
        return value.to(device)
    if type(value) in (list, tuple):
        return type(value)(_to(each, device) for each in value)
    if type(value) is dict:
        return {key: _to(each, device) for key, each in value.items()}
    return value
