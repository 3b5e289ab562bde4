"""Is an output right? Comparison in chunks: whatever a task's size, it takes no copy of an output."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass

import torch

TOLERANCES = {torch.float16: 1e-2, torch.bfloat16: 1e-2}
"""KernelBench's tolerances, absolute and relative alike: 1e-2 for half precision, 1e-4 for everything else."""
_CHUNK_ELEMENTS = 1 << 24


def tolerance_of(dtype: torch.dtype) -> float:
    """For `|output - expected| <= tolerance + tolerance * |expected|`."""
    return TOLERANCES.get(dtype, 1e-4)


@dataclass(frozen=True)
class Comparison:
    """Outputs against the expected ones."""

    is_right: bool
    max_abs_error: float | None
    """Largest absolute difference, of complex numbers the modulus; None where it is no number. Integers are counted."""
    num_unequal: int
    """Entries of integer and boolean outputs that differ."""
    tolerance: float

    @property
    def reason(self) -> str:
        """Why it is not right, in a few words."""
        if self.num_unequal:
            return f"{self.num_unequal} entries differ, none may"
        if self.max_abs_error is None:
            return f"NaN or infinite where the reference is not; tolerance {self.tolerance:g}"
        return f"max abs error {self.max_abs_error:.3g}, tolerance {self.tolerance:g}"


def compare(pairs: Iterable[tuple[torch.Tensor, torch.Tensor]]) -> Comparison:
    """All outputs of a call, each with its expected one."""
    is_right, num_unequal, tolerance = True, 0, 0.0
    error: float | None = 0.0
    for output, expected in pairs:
        tolerance = max(tolerance, tolerance_of(expected.dtype))
        for found, wanted in chunks_of(output, expected):
            if not (wanted.is_floating_point() or wanted.is_complex()):
                num_unequal += int((found != wanted).sum())
                continue
            is_close, largest = _compare_chunk(found, wanted)
            is_right &= is_close
            error = None if error is None or largest is None else max(error, largest)
    return Comparison(is_right and not num_unequal, error, num_unequal, tolerance)


def chunks_of(found: torch.Tensor, wanted: torch.Tensor) -> Iterator[tuple[torch.Tensor, torch.Tensor]]:
    """Both in pieces of bounded size, whatever their strides, without a copy."""
    if found.numel() <= _CHUNK_ELEMENTS:
        yield found, wanted
    elif found.stride() == wanted.stride() and _is_dense(found):
        flat = [tensor.as_strided((tensor.numel(),), (1,)) for tensor in (found, wanted)]
        yield from zip(*(tensor.split(_CHUNK_ELEMENTS) for tensor in flat), strict=True)
    else:
        rows = max(1, _CHUNK_ELEMENTS * found.shape[0] // found.numel())
        for one, other in zip(found.split(rows), wanted.split(rows), strict=True):
            if len(one) == 1:  # a row may still be too large
                one, other = one[0], other[0]
            yield from chunks_of(one, other)


def _is_dense(tensor: torch.Tensor) -> bool:
    """Whether its elements fill one stretch of memory, each place once."""
    expected = 1
    for stride, size in sorted(zip(tensor.stride(), tensor.shape, strict=True)):
        if size != 1 and stride != expected:
            return False
        expected *= size
    return True


def agrees(found: torch.Tensor, wanted: torch.Tensor) -> bool:
    """Whether a few elements are right, by the same rule."""
    if wanted.is_floating_point() or wanted.is_complex():
        return _compare_chunk(found, wanted)[0]
    return torch.equal(found, wanted)


def _compare_chunk(found: torch.Tensor, wanted: torch.Tensor) -> tuple[bool, float | None]:
    if not wanted.numel():
        return True, 0.0
    tolerance = tolerance_of(wanted.dtype)
    if wanted.dtype in TOLERANCES:
        found, wanted = found.float(), wanted.float()
    is_same = (found == wanted) | (found.isnan() & wanted.isnan())
    size = (found - wanted).abs()
    is_within = (size <= tolerance + tolerance * wanted.abs()) & (size < torch.inf)  # infinite is close to nothing
    is_close = bool((is_same | is_within).all())
    largest = float(torch.where(is_same, torch.zeros((), dtype=size.dtype, device=size.device), size).max())
    return is_close, largest if largest == largest and largest != float("inf") else None
