"""Arguments and results taken apart into tensors, values and JSON, and put together again."""

import gc
import json
import math
import weakref
from typing import Any

import numpy as np
import pytest
import torch

from kbwf.sandbox import messages
from kbwf.sandbox.messages import Run
from kbwf.sandbox.structure import Unsupported, flatten, leaves_of, unflatten

A, B = torch.arange(3), torch.ones(2, 2)


def sent(values: list[Any]) -> list[Any]:
    """The values as the other side of a connection reads them."""
    frame = messages.encode(Run(slots=[0], values=[values]))
    found = json.loads(frame[4:])["values"][0]
    read: Run = messages._checked(frame[4:], (Run,))
    assert read.values is not None
    assert repr(read.values[0]) == repr(found)  # the types too: 1.0 stays a float, True a bool
    return read.values[0]


def through(value: Any) -> Any:
    """A value taken apart, sent as JSON and put together with other tensors of the same content."""
    structure, tensors, values = flatten(value, "x")
    copies = [tensor.clone() for tensor in tensors]
    return unflatten(json.loads(json.dumps(structure)), iter(copies), iter(sent(values)))


@pytest.mark.parametrize(
    "value",
    [
        None, True, 0, -(2**40), 1.0, 2.5, "text", "", math.inf, -math.inf, 1e308, 3 + 4j, complex(math.inf, -0.0),
        torch.float16, torch.complex64, torch.Size([2, 3]), torch.Size([]), slice(1, None, 2), slice(None),
        [], (), {}, [1, (2, [3.0])], {"a": 1, 0: {"b": (None,)}}, (1,),
    ],
    ids=repr,
)  # fmt: skip
def test_a_value_comes_back_as_it_was(value: Any) -> None:
    """Equal and of the same type, down to the innermost."""
    found = through(value)
    assert type(found) is type(value)
    assert repr(found) == repr(value)


def test_nan_comes_back_as_nan() -> None:
    """Which equals nothing."""
    assert math.isnan(through(math.nan))


def test_numpy_scalars_become_python_s() -> None:
    """With the value they had."""
    assert repr(through([np.float64(0.5), np.int32(3), np.bool_(True)])) == "[0.5, 3, True]"


def test_a_device_becomes_the_one_in_use() -> None:
    """Whatever the task's text says: a kernel for a GPU task must not be told `cpu`."""
    with torch.device("meta"):
        assert through(torch.device("cpu")) == torch.device("meta")


def test_tensors_are_found_from_left_to_right_and_come_back_in_place() -> None:
    """In lists, tuples and dicts; a parameter is a tensor without its gradient."""
    parameter = torch.nn.Parameter(torch.zeros(1))
    value = [A, {"k": (B, 2.5), 7: parameter}]
    structure, tensors, values = flatten(value, "x")
    assert structure == ["list", [["tensor"], ["dict", [["k", ["tuple", [["tensor"], ["value"]]]], [7, ["tensor"]]]]]]
    assert [tensor.data_ptr() for tensor in tensors] == [A.data_ptr(), B.data_ptr(), parameter.data_ptr()]
    assert not tensors[2].requires_grad and values == [2.5]
    found = through(value)
    assert torch.equal(found[0], A) and torch.equal(found[1]["k"][0], B) and found[1]["k"][1] == 2.5
    assert list(found[1]) == ["k", 7]


class _Strange:
    pass


class _Lazy(torch.Tensor):
    pass


@pytest.mark.parametrize(
    ("value", "reason"),
    [
        (np.arange(3), "x is a numpy.ndarray; tensors, plain values, and lists, tuples and dicts of them"),
        ([1, (_Strange(),)], r"x\[1\]\[0\] is a .*_Strange;"),
        ({"k": {1, 2}}, r"x\['k'\] is a builtins.set;"),
        ({(1, 2): 3}, "x is a dict with keys that are neither text nor integers"),
        ({True: 3}, "x is a dict with keys"),
        (torch.eye(2).to_sparse(), "x is a torch.sparse_coo tensor; dense tensors can be judged"),
        (torch.ones(2).as_subclass(_Lazy), "x is a .*_Lazy;"),
        (torch.Generator(), "x is a torch._C.Generator;"),
        (b"bytes", "x is a builtins.bytes;"),
    ],
    ids=["array", "object", "set", "tuple_key", "truth_key", "sparse", "subclass", "generator", "bytes"],
)
def test_what_cannot_travel_is_named_with_its_place(value: Any, reason: str) -> None:
    """And with what can."""
    with pytest.raises(Unsupported, match=reason):
        flatten(value, "x")


@pytest.mark.filterwarnings("ignore:torch.quantize_per_tensor")
def test_a_quantized_tensor_cannot_travel() -> None:
    """Its scale is nowhere in its layout."""
    with pytest.raises(Unsupported, match="x is a quantized tensor; dense tensors can be judged"):
        flatten(torch.quantize_per_tensor(torch.ones(2), 0.1, 0, torch.quint8), "x")


def test_one_tensor_s_leaf_is_whatever_was_returned() -> None:
    """What it is, the runner looks at."""
    leaves = leaves_of(["tensor"])
    assert leaves(A) == [A]
    assert leaves([A]) == [[A]]
    assert leaves(None) == [None]


def structure_of(value: Any) -> Any:
    """As `flatten` describes it."""
    return flatten(value, "x")[0]


@pytest.mark.parametrize(
    ("expected", "result", "found"),
    [
        ((A, B), (1, 2), [1, 2]),
        ((A, B), [1, 2], [1, 2]),  # a list for a tuple, as in KernelBench
        ([A, B], (1, 2), [1, 2]),
        ((A, B), (1, 2, 3), None),
        ((A, B), 1, None),
        ((A, B), {0: 1, 1: 2}, None),
        ((A, (B, 2.5)), (1, (2, "anything")), [1, 2]),  # values of a result are not compared
        ((A, (B,)), (1, 2), None),
        ({"a": A, "b": B}, {"b": 2, "a": 1}, [1, 2]),  # in the reference's order
        ({"a": A}, {"a": 1, "b": 2}, None),
        ({"a": A}, {"b": 1}, None),
        ({"a": A}, [1], None),
        ([], (), []),
    ],
)
def test_a_result_is_taken_apart_if_it_has_the_reference_s_structure(expected: Any, result: Any, found: Any) -> None:
    """Lists and tuples count alike; another length, key or nesting is another structure."""
    assert leaves_of(structure_of(expected))(result) == found


def test_nothing_keeps_a_tensor_once_it_is_forgotten() -> None:
    """Without the collector: a reference cycle would hold gigabytes until its next turn."""
    tensor = torch.zeros(3)
    seen = weakref.ref(tensor)
    value = {"a": [tensor, (tensor, 1)]}
    gc.collect()
    gc.disable()
    try:
        structure, tensors, values = flatten(value, "x")
        made = unflatten(structure, iter(tensors), iter(values))
        leaves = leaves_of(structure)(value)
        with pytest.raises(Unsupported):
            flatten([tensor, object()], "x")
        del value, tensors, made, leaves, tensor
        assert seen() is None
    finally:
        gc.enable()
