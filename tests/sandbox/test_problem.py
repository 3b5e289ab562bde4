"""From a problem's source to modules, parameters and inputs."""

import inspect

import pytest
import torch

from kbwf.sandbox.problem import build_model, draw_inputs, load_module

CPU = torch.device("cpu")

SOURCE = """
import random
import numpy as np
import torch


class Model(torch.nn.Module):
    def __init__(self, width):
        super().__init__()
        self.weight = torch.nn.Parameter(torch.rand(width))

    def forward(self, x, factor):
        return x * self.weight * factor


def get_inputs():
    return [torch.rand(4), torch.from_numpy(np.random.rand(4)), random.random(), 3]


def get_init_inputs():
    return [4]
"""


def test_equal_seeds_draw_equal_inputs_from_every_generator() -> None:
    """torch, numpy and random alike, whatever was drawn before; another seed draws others."""
    module = load_module(SOURCE, "problem")
    first = draw_inputs(module, 2**61 + 7, CPU)
    torch.rand(10)
    second, other = draw_inputs(module, 2**61 + 7, CPU), draw_inputs(module, 2**61 + 8, CPU)
    for index in (0, 1):
        assert torch.equal(first[index], second[index])
        assert not torch.equal(first[index], other[index])
    assert first[2:] == second[2:] and first[2] != other[2]
    assert first[3] == 3


def test_parameters_are_the_same_in_every_process_s_model() -> None:
    """Drawn from one known seed, in evaluation mode."""
    models = [build_model(load_module(SOURCE, name), "Model", load_module(SOURCE, "c"), CPU) for name in ("a", "b")]
    assert torch.equal(*(next(model.parameters()) for model in models))
    assert not models[0].training


def test_the_source_of_what_was_loaded_can_be_read() -> None:
    """As compilers of kernels do."""
    module = load_module(SOURCE, "problem")
    assert inspect.getsource(module.get_init_inputs).startswith("def get_init_inputs():")


def test_loading_leaves_modules_of_that_name_alone() -> None:
    """A problem that is called like a module does not shadow it."""
    load_module("x = 1", "json")
    import json

    assert json.loads("1") == 1


def test_a_missing_class_names_itself() -> None:
    """The error says which."""
    with pytest.raises(AttributeError, match="ModelNew"):
        build_model(load_module(SOURCE, "problem"), "ModelNew", load_module(SOURCE, "problem"), CPU)
