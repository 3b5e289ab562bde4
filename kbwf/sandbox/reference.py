"""What only the reference's runner does: describe the task, and draw its inputs.

The judge runs no task's code: a reference that hangs, or takes all memory, does so in a process with a limit.
"""

from typing import Any

import torch

from kbwf.sandbox.buffers import dense_layout_of, layout_of, write
from kbwf.sandbox.messages import Description, Draw
from kbwf.sandbox.problem import DrawInPlace, draw_inputs, draw_recording, seed_all
from kbwf.sandbox.structure import flatten, unflatten

_RECIPES: dict[int, list[DrawInPlace | None]] = {}


def describe(reference: Any, model: torch.nn.Module, seed: int, device: torch.device) -> Description:
    """Draw inputs twice from one seed, call the model on both, and say what goes in and what comes out.

    Raises:
        structure.Unsupported: something that cannot be judged.
        Exception: whatever the reference raises.
    """
    arguments, tensors, values = flatten(draw_inputs(reference, seed, device), "get_inputs()")
    originals = [tensor.clone() for tensor in tensors]
    before_bytes = _peak_bytes(device)
    result = model(*_unpacked(arguments, tensors, values))
    peak_bytes = _peak_bytes(device) - before_bytes
    shape_of_result, outputs, _ = flatten(result, "the result of forward")
    if not outputs:
        raise TypeError("forward returns no tensor")
    storages = {tensor.untyped_storage().data_ptr() for tensor in tensors}
    aliases = [output.untyped_storage().data_ptr() in storages for output in outputs]
    changes_inputs = not all(
        torch.equal(tensor, original) or bool(((tensor == original) | (tensor.isnan() & original.isnan())).all())
        for tensor, original in zip(tensors, originals, strict=True)
    )
    first = [output.clone() for output in outputs]
    again = flatten(model(*_unpacked(arguments, originals, values)), "the result of forward")[1]
    return Description(
        arguments=arguments,
        inputs=[layout_of(tensor) for tensor in tensors],
        values=values,
        result=shape_of_result,
        outputs=[dense_layout_of(output) for output in outputs],
        aliases=aliases,
        changes_inputs=changes_inputs,
        equals_itself=len(first) == len(again) and all(map(_is_equal, first, again)),
        peak_bytes=peak_bytes,
    )


def draw_into(
    reference: Any, request: Draw, inputs_S_L: list[list[torch.Tensor]], device: torch.device
) -> list[list[Any]]:
    """Fill slots with new inputs; returns each slot's values that are no tensors."""
    drawn_values: list[list[Any]] = []
    for slot, seed in zip(request.slots, request.seeds, strict=True):
        recipes = _RECIPES.get(id(reference), [None])
        if not request.is_official and all(recipes):
            seed_all(seed)
            for target, recipe in zip(inputs_S_L[slot], recipes, strict=True):
                assert recipe is not None, "all are known"
                getattr(target, recipe[0])(*recipe[1])
            drawn_values.append([])
            continue
        drawn, known = draw_recording(reference, seed, device)
        _, tensors, values = flatten(drawn, "get_inputs()")
        for target, tensor in zip(inputs_S_L[slot], tensors, strict=True):
            write(target, tensor)
        recipe_of = {_place(tensor): how for tensor, how in known}
        _RECIPES[id(reference)] = [None] if values else [recipe_of.get(_place(tensor)) for tensor in tensors]
        drawn_values.append(values)
    if device.type == "cuda":
        torch.cuda.empty_cache()  # what was drawn lies in the judge's memory now
    return drawn_values


def _place(tensor: torch.Tensor) -> tuple[Any, ...]:
    return tensor.data_ptr(), tensor.shape, tensor.stride(), tensor.dtype


def _unpacked(arguments: Any, tensors: list[torch.Tensor], values: list[Any]) -> list[Any]:
    made: list[Any] = unflatten(arguments, iter(tensors), iter(values))
    return made


def _is_equal(first: torch.Tensor, again: torch.Tensor) -> bool:
    """To within what another order of summation may do: a reference that draws at random differs by far more."""
    if first.shape != again.shape or first.dtype != again.dtype:
        return False
    if not first.is_floating_point() and not first.is_complex():
        return torch.equal(first, again)
    scale = float(first.abs().float().nan_to_num().max()) if first.numel() else 0.0
    return torch.allclose(first, again, rtol=1e-2, atol=1e-3 * scale, equal_nan=True)


def _peak_bytes(device: torch.device) -> int:
    return torch.cuda.max_memory_allocated(device) if device.type == "cuda" else 0
