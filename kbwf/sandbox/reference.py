"""What only the reference's runner does: describe the task, in a process with a limit of time and memory."""

from typing import Any

import torch

from kbwf.sandbox.buffers import dense_layout_of, layout_of
from kbwf.sandbox.messages import Description
from kbwf.sandbox.problem import draw_inputs
from kbwf.sandbox.structure import flatten, unflatten, unnamed
from kbwf.verdict.tolerance import EXACT
from kbwf.verdict.truth import forbid_tf32, in_float64, in_full_float32
from kbwf.verdict.variations import Admits, map_tensors
from kbwf.verdict.yardstick import TruthError, Yardstick, measure

_UNKNOWN = Yardstick(EXACT, (), {}, (), is_decidable=False, own_failure="")


def describe(
    reference: Any, model: torch.nn.Module, seed: int, device: torch.device, admits: Admits | None
) -> Description:
    """Call the model twice on equal inputs; say what goes in, what comes out, and by what a result is judged right.

    Args:
        admits: what the task says that its inputs admit; None to try it out.

    Raises:
        structure.Unsupported: something that cannot be judged.
        Exception: whatever the reference raises.
    """
    arguments, tensors, values = flatten(draw_inputs(reference, seed, device), "get_inputs()")
    originals = [tensor.clone() for tensor in tensors]
    before_bytes = _peak_bytes(device)
    result = model(*_unpacked(arguments, tensors, values, device))
    peak_bytes = _peak_bytes(device) - before_bytes
    shape_of_result, outputs, _ = flatten(unnamed(result), "the result of forward")
    if not outputs:
        raise TypeError("forward returns no tensor")
    for output in outputs:
        if output.device.type != device.type:  # a copy from there would be timed beside the work
            raise TypeError(f"forward returns a tensor on {output.device.type}; make it where its inputs are")
        if output.is_floating_point() and output.dtype.itemsize == 1:
            raise TypeError(f"forward returns {output.dtype}, with which torch does not reckon; return a longer dtype")
    storages = {tensor.untyped_storage().data_ptr() for tensor in tensors}
    aliases = [output.untyped_storage().data_ptr() in storages for output in outputs]
    changes_inputs = not all(
        torch.equal(tensor, original) or bool(((tensor == original) | (tensor.isnan() & original.isnan())).all())
        for tensor, original in zip(tensors, originals, strict=True)
    )
    first = [output.clone() for output in outputs]
    again = flatten(unnamed(model(*_unpacked(arguments, originals, values, device))), "the result of forward")[1]
    equals_itself = len(first) == len(again) and all(map(_is_equal, first, again))
    layouts = [layout_of(tensor) for tensor in tensors], [dense_layout_of(output) for output in outputs]
    del tensors, originals, result, outputs, first, again  # their memory is needed
    yardstick, may_use_tf32 = _UNKNOWN, True
    if equals_itself:
        for may_use_tf32 in (True, False):  # deep networks in training mode make as much as 0.1 of TF32's 2^-12
            if not may_use_tf32:
                forbid_tf32()
            yardstick = _measured(reference, model, seed, device, admits, changes_inputs=changes_inputs)
            if yardstick.is_decidable:
                break
        else:
            raise ValueError("its results are no numbers or lost in rounding: none can be told right from wrong")
    return Description(
        arguments=arguments,
        inputs=layouts[0],
        values=values,
        result=shape_of_result,
        outputs=layouts[1],
        aliases=aliases,
        changes_inputs=changes_inputs,
        equals_itself=equals_itself,
        peak_bytes=peak_bytes,
        yardstick=yardstick,
        may_use_tf32=may_use_tf32,
    )


def _measured(
    reference: Any,
    model: torch.nn.Module,
    seed: int,
    device: torch.device,
    admits: Admits | None,
    *,
    changes_inputs: bool,
) -> Yardstick:
    """Against float64; where that is impossible against float32 without TF32, else against nothing.

    Memory may be too short, and not every program is wide when its model is: a lambda may hold the narrow one.
    """

    def forward(*inputs: Any) -> Any:
        return model(*(map_tensors(torch.clone, inputs) if changes_inputs else inputs))

    def draw(seed: int) -> Any:
        return draw_inputs(reference, seed, device)

    for make_truth in (in_float64, in_full_float32):
        try:
            return measure(forward, make_truth(model), draw, admits, seed)
        except (TruthError, torch.OutOfMemoryError):  # beside a truth the reference itself may have too little
            if device.type == "cuda":
                torch.cuda.empty_cache()
    return measure(forward, None, draw, admits, seed)


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
