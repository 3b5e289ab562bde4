"""What became of a call, as the runner tells it: results of the reference's structure, shapes and kinds, or why not."""

import contextlib
import traceback
from typing import Any

import torch

from kbwf.sandbox.arena import Arena, is_readable
from kbwf.sandbox.messages import Failed, Misfit, MisfitKind, Open
from kbwf.sandbox.structure import leaves_of

TRACE_CHARS = 4000


class Stop(Exception):
    """Ends what the judge asked for with this message."""

    def __init__(self, message: Failed | Misfit) -> None:
        super().__init__()
        self.message = message


class Results:
    """Looks at results before they are told to the judge."""

    def __init__(self, opening: Open, input_storages: set[int], arena: Arena | None, device: torch.device) -> None:
        self._wanted = [(torch.Size(each.shape), getattr(torch, each.dtype)) for each in opening.outputs]
        self._leaves = leaves_of(opening.result) if opening.result else None
        self._may_alias, self._input_storages = opening.may_alias, input_storages
        self._arena, self._device = arena, device

    def fitting(self, result: Any, number: int) -> list[torch.Tensor]:
        """The tensors of a result, where the judge can read them, if they are what the reference's are."""
        assert self._leaves is not None, "the result's structure was opened"
        found = self._leaves(result)
        if found is None:
            raise Stop(_misfit("wrong_type", _structure_name(result), "the reference's structure", number))
        for position, (leaf, (shape, dtype)) in enumerate(zip(found, self._wanted, strict=True)):
            if type(leaf) not in (torch.Tensor, torch.nn.Parameter) or leaf.__dict__:
                raise Stop(_misfit("wrong_type", _type_name(leaf), "a plain torch.Tensor", number))
            if leaf.shape != shape:
                raise Stop(_misfit("wrong_shape", str(list(leaf.shape)), str(list(shape)), number))
            if leaf.dtype != dtype or leaf.device.type != self._device.type:
                wanted = f"{str(dtype).removeprefix('torch.')} on {self._device.type}"
                raise Stop(_misfit("wrong_dtype", _kind(leaf), wanted, number))
            if leaf.layout is not torch.strided:
                raise Stop(_misfit("wrong_type", f"a {leaf.layout} tensor", "a dense tensor", number))
            is_input = self._is_input(leaf)
            if is_input and not self._may_alias[position]:
                raise Stop(_misfit("input_changed", "memory of an input", "memory of its own", number))
            if not is_readable(leaf, self._arena) or is_input or leaf.is_conj() or leaf.is_neg():
                found[position] = leaf.resolve_conj().resolve_neg().clone(memory_format=torch.contiguous_format)
        return found

    def _is_input(self, leaf: torch.Tensor) -> bool:
        """A result in an input's memory is copied: the judge writes there before it looks."""
        return leaf.untyped_storage().data_ptr() in self._input_storages


def failure(error: BaseException, num_done: int) -> Failed:
    """What a program raised, after so many calls that went well."""
    text = ""
    with contextlib.suppress(Exception):  # an exception's own __str__ is the kernel's code too
        text = " ".join(str(error).split())
    return Failed(
        error=_plain(f"{type(error).__name__}: {text}"[:500]),
        trace=_plain(traceback.format_exc()[-TRACE_CHARS:]),
        # On the CPU torch raises a RuntimeError.
        is_out_of_memory=isinstance(error, torch.OutOfMemoryError | MemoryError) or "DefaultCPUAllocator" in text,
        num_done=num_done,
    )


def _misfit(what: MisfitKind, found: str, expected: str, number: int) -> Misfit:
    return Misfit(what=what, found=_plain(found[:200]), expected=expected[:200], num_done=number)


def _type_name(value: Any) -> str:
    kind = type(value)
    if kind is torch.Tensor:
        return "a torch.Tensor with attributes of its own"
    return f"a {kind.__module__}.{kind.__qualname__}".replace("a builtins.", "a ")


def _structure_name(value: Any) -> str:
    size = f" of {len(value)}" if type(value) in (list, tuple, dict) else ""
    return _type_name(value) + size


def _kind(tensor: torch.Tensor) -> str:
    return f"{str(tensor.dtype).removeprefix('torch.')} on {tensor.device.type}"


def _plain(text: str) -> str:
    """What a kernel says may hold half characters, which no message can."""
    return text.encode(errors="replace").decode()
