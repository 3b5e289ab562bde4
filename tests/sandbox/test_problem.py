"""From a problem's source to modules, parameters and inputs."""

import inspect
import linecache
import pickle
import sys
from collections.abc import Iterator
from typing import Any

import pytest
import torch

from kbwf.sandbox.problem import build_model, draw_inputs, load_module, placed

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

FILE_LIKE = """from __future__ import annotations

from dataclasses import dataclass

import torch

path, name = __file__, __name__


@dataclass
class Config:
    factor: float = 2.0


class Plain:
    def __init__(self):
        self.value = 7


@torch.jit.script
class Scaled:
    def __init__(self, factor: float):
        self.factor = factor

    def apply(self, x: torch.Tensor) -> torch.Tensor:
        return x * self.factor


@torch.jit.script
def scaled(x: torch.Tensor, factor: float) -> torch.Tensor:
    return Scaled(factor).apply(x)


def get_init_inputs():
    return []
"""


@pytest.fixture(autouse=True)
def modules() -> Iterator[None]:
    """Nothing that a test loads is left among Python's modules and lines."""
    before = set(sys.modules)
    yield
    for name in set(sys.modules) - before:
        del sys.modules[name]
        linecache.cache.pop(f"/kbwf/{name}.py", None)


def model_of(source: str = SOURCE, class_name: str = "Model", name: str = "problem", **options: Any) -> torch.nn.Module:
    """A model on the CPU, with weights of seed 42 and in training mode unless said otherwise."""
    module = load_module(source, name)
    arguments = {"weights_seed": 42, "is_training": True, **options}
    return build_model(module, class_name, load_module(SOURCE, "kbwf_test_reference"), CPU, **arguments)


def test_equal_seeds_draw_equal_inputs_from_every_generator() -> None:
    """torch, numpy and random alike, whatever was drawn before; another seed draws others."""
    module = load_module(SOURCE, "kbwf_test_problem")
    first = draw_inputs(module, 2**61 + 7, CPU)
    torch.rand(10)
    second, other = draw_inputs(module, 2**61 + 7, CPU), draw_inputs(module, 2**61 + 8, CPU)
    for index in (0, 1):
        assert torch.equal(first[index], second[index])
        assert not torch.equal(first[index], other[index])
    assert first[2:] == second[2:] and first[2] != other[2]
    assert first[3] == 3


def test_parameters_are_the_same_in_every_process_s_model() -> None:
    """Drawn from one known seed, whatever was drawn before; another seed gives others."""
    first = model_of(name="kbwf_test_a")
    torch.rand(3)
    second, other = model_of(name="kbwf_test_b"), model_of(name="kbwf_test_c", weights_seed=43)
    weights = [next(model.parameters()) for model in (first, second, other)]
    assert torch.equal(weights[0], weights[1])
    assert not torch.equal(weights[0], weights[2])


@pytest.mark.parametrize("is_training", [True, False])
def test_a_model_is_in_the_mode_that_was_asked_for(is_training: bool) -> None:
    """Whatever its constructor did."""
    assert model_of(name="kbwf_test_a", is_training=is_training).training == is_training
    evaluated = SOURCE.replace("torch.rand(width))", "torch.rand(width))\n        self.eval()")
    assert model_of(evaluated, name="kbwf_test_b", is_training=is_training).training == is_training


def test_arguments_of_a_model_come_from_the_reference() -> None:
    """A kernel's own `get_init_inputs` does not count."""
    kernel = SOURCE.replace("class Model(", "class ModelNew(").replace("return [4]", "return [9]")
    assert next(model_of(kernel, "ModelNew", "kbwf_test_kernel").parameters()).shape == (4,)


@pytest.mark.filterwarnings("ignore:`torch.jit.script` is deprecated")
def test_a_module_behaves_as_if_it_lay_in_a_file() -> None:
    """Its name, its path, its source; postponed annotations of dataclasses; pickle; scripted classes."""
    module = load_module(FILE_LIKE, "kbwf_test_file")
    assert sys.modules["kbwf_test_file"] is module
    assert (module.name, module.path) == ("kbwf_test_file", "/kbwf/kbwf_test_file.py")
    assert inspect.getsource(module.get_init_inputs) == "def get_init_inputs():\n    return []\n"
    assert module.Config().factor == 2.0
    assert pickle.loads(pickle.dumps(module.Plain())).value == 7
    assert torch.equal(module.scaled(torch.ones(2), 3.0), torch.full((2,), 3.0))


def test_a_traceback_holds_the_source_s_line() -> None:
    """Its own, by number."""
    module = load_module("def fail():\n    return undefined_name\n", "kbwf_test_failing")
    with pytest.raises(NameError) as caught:
        module.fail()
    last = caught.traceback[-1]
    assert (str(last.path), last.lineno) == ("/kbwf/kbwf_test_failing.py", 1)
    assert linecache.getline("/kbwf/kbwf_test_failing.py", 2) == "    return undefined_name\n"


def test_a_module_that_is_loaded_again_is_the_newer_one() -> None:
    """Text and module."""
    load_module("def f():\n    return 1\n", "kbwf_test_twice")
    module = load_module("def g():\n    return 2\n", "kbwf_test_twice")
    assert sys.modules["kbwf_test_twice"] is module
    assert inspect.getsource(module.g) == "def g():\n    return 2\n"


def test_a_missing_class_names_itself() -> None:
    """The error says which."""
    with pytest.raises(AttributeError, match="ModelNew"):
        model_of(class_name="ModelNew", name="kbwf_test_problem")


def test_tensors_are_placed_wherever_they_are() -> None:
    """In lists, tuples and dicts; everything else stays as it is."""
    meta = torch.device("meta")
    found = placed([torch.ones(1), (torch.ones(2), 3), {"a": torch.ones(3)}, "x"], meta)
    assert [found[0].device, found[1][0].device, found[2]["a"].device] == [meta] * 3
    assert found[1][1] == 3 and type(found[1]) is tuple and found[3] == "x"
