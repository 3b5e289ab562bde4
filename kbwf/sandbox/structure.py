"""How arguments and results are put together from tensors and plain values, as JSON that both sides understand.

A structure is a nested list: `["tensor"]`, `["value"]`, `["list", [...]]`, `["tuple", [...]]`,
`["dict", [[key, ...], ...]]`. Tensors and values are its leaves, each kind in the order of a walk from left to right.
"""

from collections.abc import Callable, Iterator
from typing import Any

import numpy as np
import torch

Structure = list[Any]


class Unsupported(TypeError):
    """A kind of value that cannot travel; the message names where it is and what can."""


def flatten(value: Any, where: str) -> tuple[Structure, list[torch.Tensor], list[Any]]:
    """Structure, tensors, and values in the form in which they travel.

    Args:
        where: what the value is, for messages.

    Raises:
        Unsupported: there is something in it that cannot travel.
    """
    tensors: list[torch.Tensor] = []
    values: list[Any] = []
    return _taken_apart(value, where, tensors, values), tensors, values


def unnamed(result: Any) -> Any:
    """A result with plain tuples for named ones: what counts is what is in it."""
    if isinstance(result, tuple):
        return tuple(map(unnamed, result))
    return list(map(unnamed, result)) if type(result) is list else result


def unflatten(structure: Structure, tensors: Iterator[torch.Tensor], values: Iterator[Any]) -> Any:
    """What `flatten` took apart, with these leaves."""
    kind = structure[0]
    if kind == "tensor":
        return next(tensors)
    if kind == "value":
        return _from_plain(next(values))
    if kind == "dict":
        return {key: unflatten(each, tensors, values) for key, each in structure[1]}
    items = [unflatten(each, tensors, values) for each in structure[1]]
    return tuple(items) if kind == "tuple" else items


def _taken_apart(value: Any, where: str, tensors: list[torch.Tensor], values: list[Any]) -> Structure:
    # No closure: one that calls itself is a cycle, and would keep gigabytes until the next collection.
    if type(value) in (torch.Tensor, torch.nn.Parameter):
        if value.layout is not torch.strided or value.is_quantized:
            kind = "quantized" if value.is_quantized else str(value.layout)
            raise Unsupported(f"{where} is a {kind} tensor; dense tensors can be judged")
        tensors.append(value.detach())
        return ["tensor"]
    if type(value) in (list, tuple):
        items = [_taken_apart(each, f"{where}[{number}]", tensors, values) for number, each in enumerate(value)]
        return [type(value).__name__, items]
    if type(value) is dict:
        if not all(type(key) in (str, int) for key in value):
            raise Unsupported(f"{where} is a dict with keys that are neither text nor integers")
        return [
            "dict",
            [[key, _taken_apart(each, f"{where}[{key!r}]", tensors, values)] for key, each in value.items()],
        ]
    values.append(_to_plain(value, where))
    return ["value"]


def leaves_of(structure: Structure) -> Callable[[Any], list[Any] | None]:
    """A function that takes a result of this structure apart: its tensors, or None if it has another structure.

    A tuple may come as a list and the other way round, as in KernelBench: what counts is what is in it.
    """
    if structure == ["tensor"]:
        return lambda result: [result]

    def leaves(result: Any) -> list[Any] | None:
        found: list[Any] = []
        return found if _fits(structure, result, found) else None

    return leaves


def _fits(structure: Structure, result: Any, found: list[Any]) -> bool:
    kind = structure[0]
    if kind == "tensor":
        found.append(result)
        return True
    if kind == "dict":
        return (
            isinstance(result, dict)
            and set(result) == {key for key, _ in structure[1]}
            and all(_fits(each, result[key], found) for key, each in structure[1])
        )
    if kind in ("list", "tuple"):
        return (
            isinstance(result, list | tuple)
            and len(result) == len(structure[1])
            and all(_fits(each, part, found) for each, part in zip(structure[1], result, strict=True))
        )
    return True  # a value: the reference's tensors are what is compared


def _to_plain(value: Any, where: str) -> Any:
    if value is None or type(value) in (bool, int, str):
        return value
    if type(value) is float:
        return value if np.isfinite(value) else {"float": repr(value)}
    if type(value) is complex:
        return {"complex": [repr(value.real), repr(value.imag)]}
    if type(value) is torch.dtype:
        return {"dtype": str(value).removeprefix("torch.")}
    if type(value) is torch.device:
        return {"device": True}
    if type(value) is torch.Size:
        return {"size": list(value)}
    if type(value) is slice:
        return {"slice": [_to_plain(each, where) for each in (value.start, value.stop, value.step)]}
    if isinstance(value, np.generic):
        return _to_plain(value.item(), where)
    raise Unsupported(
        f"{where} is a {type(value).__module__}.{type(value).__name__}; tensors, plain values, and lists, tuples and"
        " dicts of them can be judged"
    )


def _from_plain(value: Any) -> Any:
    if not isinstance(value, dict):
        return value
    ((kind, content),) = value.items()
    if kind == "float":
        return float(content)
    if kind == "complex":
        return complex(float(content[0]), float(content[1]))
    if kind == "dtype":
        return getattr(torch, content)
    if kind == "size":
        return torch.Size(content)
    if kind == "slice":
        return slice(*content)
    return torch.get_default_device()
