"""Is an output right? What a runner claims, then what the judge finds in its own buffer."""

from typing import Any

import torch

from kbwf.records import EvalStatus

TOLERANCES = {torch.float16: 1e-2, torch.bfloat16: 1e-2}
"""KernelBench's tolerances, absolute and relative alike: 1e-2 for half precision, 1e-4 for everything else."""


def tolerance_of(dtype: torch.dtype) -> float:
    """For `|output - expected| <= tolerance + tolerance * |expected|`."""
    return TOLERANCES.get(dtype, 1e-4)


def judge_claim(claim: dict[str, Any], expected: torch.Tensor, may_alias: bool) -> tuple[EvalStatus, str] | None:
    """A status and its reason if what the runner says of its result rules it out; None if the values decide.

    The claim is hostile input: a lie about type or shape helps nobody, because only the judge's buffer is compared.
    """
    if claim.get("is_tensor") is not True:
        return EvalStatus.WRONG_TYPE, f"forward returned {str(claim.get('type'))[:80]}, expected a plain torch.Tensor"
    shape, wanted = claim.get("shape"), list(expected.shape)
    if shape != wanted:
        return EvalStatus.WRONG_SHAPE, f"shape {str(shape)[:80]}, expected {wanted}"
    dtype = str(expected.dtype).removeprefix("torch.")
    if claim.get("dtype") != dtype or claim.get("device") != expected.device.type:
        found = f"{str(claim.get('dtype'))[:40]} on {str(claim.get('device'))[:40]}"
        return EvalStatus.WRONG_DTYPE, f"{found}, expected {dtype} on {expected.device.type}"
    if claim.get("aliases_input") is not False and not may_alias:
        return EvalStatus.INPUT_CHANGED, "the result shares memory with an input, the reference's does not"
    return None


def max_abs_error(output: torch.Tensor, expected: torch.Tensor) -> float | None:
    """Largest absolute difference, in float64 on the CPU's scale; None where it is not a number."""
    if not expected.numel():
        return 0.0
    if not expected.is_floating_point():
        error = (output != expected).sum().item()
    else:
        error = (output.float() - expected.float()).abs().max().item()
    return float(error) if error == error and error != float("inf") else None


def is_close(output: torch.Tensor, expected: torch.Tensor) -> bool:
    """Within tolerance everywhere; integers must be equal, and NaN is right only where the reference has it."""
    if not expected.is_floating_point():
        return torch.equal(output, expected)
    tolerance = tolerance_of(expected.dtype)
    return torch.allclose(output, expected, rtol=tolerance, atol=tolerance, equal_nan=True)


def same_values(inputs: list[Any], originals: list[Any]) -> bool:
    """Whether every tensor input is bit for bit what was drawn (NaN equal to NaN)."""
    pairs = zip(inputs, originals, strict=True)
    return all(
        torch.equal(found, drawn) or bool(torch.isclose(found, drawn, rtol=0, atol=0, equal_nan=True).all())
        for found, drawn in pairs
        if isinstance(drawn, torch.Tensor)
    )
