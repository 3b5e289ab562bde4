"""What only the reference's runner does: describe the task, in a process with a limit of time and memory."""

from typing import Any

import torch

from kbwf.sandbox.buffers import dense_layout_of, layout_of
from kbwf.sandbox.messages import Description
from kbwf.sandbox.problem import draw_inputs
from kbwf.sandbox.structure import flatten, unflatten


def describe(reference: Any, model: torch.nn.Module, seed: int, device: torch.device) -> Description:
    """Draw inputs twice from one seed, call the model on both, and say what goes in and what comes out.

    Raises:
        structure.Unsupported: something that cannot be judged.
        Exception: whatever the reference raises.
    """
    arguments, tensors, values = flatten(draw_inputs(reference, seed, device), "get_inputs()")
    originals = [tensor.clone() for tensor in tensors]
    before_bytes = _peak_bytes(device)
    result = model(*_unpacked(arguments, tensors, values, device))
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
    again = flatten(model(*_unpacked(arguments, originals, values, device)), "the result of forward")[1]
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


def _unpacked(arguments: Any, tensors: list[torch.Tensor], values: list[Any], device: torch.device) -> list[Any]:
    with device:
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
