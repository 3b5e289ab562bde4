"""An output against the expected one, in pieces: no temporary is larger than a piece, whatever the tensors' size.

Differences are taken in the tensors' own precision (float32 for half), sums accumulate in float64 on the device, and
one read brings everything to the host. Where something is infinite or not a number, the same is done again in float64
with those values set apart. About ten pieces are alive at once: 160 MB in float32, 320 MB in float64.
"""

import math
from collections.abc import Sequence
from dataclasses import dataclass

import torch

from kbwf.verdict import fused
from kbwf.verdict.pieces import pieces, widest, work_dtype
from kbwf.verdict.scales import scales_of
from kbwf.verdict.tolerance import EXACT, Bound, RefError, Scale, hardened_bound, is_exact, official_tolerance


@dataclass(frozen=True)
class Comparison:
    """What differs. Errors are distances between values that are finite on both sides; counts are counts."""

    num_values: int
    num_unequal: int | None
    """Entries that are not equal; only where values are exact (integers, booleans), else None."""
    num_nonfinite_mismatches: int
    """Places where only one side is NaN, or infinite, or where both are infinite with different signs."""
    max_abs_error: float
    max_rel_error: float
    """Largest error in units of the expected value's modulus, zeros set apart."""
    rms_error: float
    num_beyond_official: int
    num_beyond_hardened: int
    bound: Bound
    scale: Scale
    """Of the expected output."""

    @property
    def official_failure(self) -> str:
        """Why KernelBench's rule refuses the output; empty if it does not."""
        return self._mismatch(0.0) or self._count(self.num_beyond_official, "beyond tolerance")

    @property
    def hardened_failure(self) -> str:
        """Why the hardened rule refuses the output; empty if it does not."""
        if mismatch := self._mismatch(self.bound.unequal_frac):
            return mismatch
        spread = f"the expected values' spread is {self.scale.spread:.3g}"
        if self.num_unequal is None and self.rms_error > self.bound.rms:
            return f"rms error {self.rms_error:.3g}, allowed {self.bound.rms:.3g}; {spread}"
        return self._count(self.num_beyond_hardened, f"too far off; {spread}")

    def _mismatch(self, unequal_frac: float) -> str:
        if self.num_nonfinite_mismatches:
            return f"{self.num_nonfinite_mismatches} of {self.num_values} values NaN or infinite on one side only"
        if self.num_unequal is not None and self.num_unequal > unequal_frac * self.num_values:
            return f"{self.num_unequal} of {self.num_values} entries differ"
        return ""

    def _count(self, count: int, what: str) -> str:
        return f"{count} of {self.num_values} values {what}; max abs error {self.max_abs_error:.3g}" if count else ""


def compare(
    output: torch.Tensor, expected: torch.Tensor, scale: Scale | None = None, ref_error: RefError = EXACT
) -> Comparison:
    """Everything that the two rules ask of an output.

    Args:
        output: of any strides, on the device of `expected`.
        expected: its dtype decides the tolerances.
        scale: `scale_of(expected)`, if it is known already.
        ref_error: what was measured for the task, the card and the variation of the inputs.

    Raises:
        ValueError: the shapes differ, so that no rule on values applies.
    """
    return compare_all([(output, expected)], [ref_error], None if scale is None else [scale])[0]


def compare_all(
    pairs: Sequence[tuple[torch.Tensor, torch.Tensor]],
    ref_errors: Sequence[RefError],
    scales: Sequence[Scale] | None = None,
) -> list[Comparison]:
    """The same for several pairs of output and expected output; on a GPU at once, where all are of one layout.

    Raises:
        ValueError: as in `compare`.
    """
    for output, expected in pairs:
        if output.shape != expected.shape:
            raise ValueError(f"shape {tuple(output.shape)}, expected {tuple(expected.shape)}; judge the shape first")
    if not pairs:
        return []
    scales = scales or scales_of([expected for _, expected in pairs])
    bounds = [
        hardened_bound(expected.dtype, scale, ref_error)
        for (_, expected), scale, ref_error in zip(pairs, scales, ref_errors, strict=True)
    ]
    swept: list[list[float]] | None = None
    if fused.can_read(*(tensor for pair in pairs for tensor in pair)):
        swept = fused.sweep(pairs, official_tolerance(pairs[0][1].dtype), bounds)
    compared = []
    for number, ((output, expected), bound, scale) in enumerate(zip(pairs, bounds, scales, strict=True)):
        work = work_dtype(output.dtype, expected.dtype)
        figures = swept[number] if swept else _sweep(output, expected, bound, work, sift=False)
        if not all(map(math.isfinite, figures)):
            figures = _sweep(output, expected, bound, widest(work), sift=True)
        compared.append(_comparison(expected, bound, scale, figures))
    return compared


def _comparison(expected: torch.Tensor, bound: Bound, scale: Scale, figures: list[float]) -> Comparison:
    unequal, mismatches, official, hardened, sum_squares, max_abs, max_rel = figures
    exact = is_exact(expected.dtype)
    num_values = expected.numel()
    return Comparison(
        num_values=num_values,
        num_unequal=int(unequal) if exact else None,
        num_nonfinite_mismatches=int(mismatches),
        max_abs_error=max_abs,
        max_rel_error=max_rel,
        rms_error=math.sqrt(sum_squares / max(num_values, 1)),
        num_beyond_official=0 if exact else int(official),
        num_beyond_hardened=0 if exact else int(hardened),
        bound=bound,
        scale=scale,
    )


def ref_error_of(found: torch.Tensor, truth: torch.Tensor) -> RefError:
    """What one draw says of the reference: its output against float64's, or against another process's."""
    compared = compare(found, truth)
    if compared.num_unequal is not None:
        return RefError(unequal_frac=compared.num_unequal / max(compared.num_values, 1))
    rms = compared.scale.rms or 1.0  # zeros everywhere: the error counts as it is
    return RefError(compared.rms_error / rms, compared.max_abs_error / rms)


def _sweep(output: torch.Tensor, expected: torch.Tensor, bound: Bound, work: torch.dtype, *, sift: bool) -> list[float]:
    """Counts of unequal, one-sidedly infinite, officially and hardened refused values; the sum of squared errors, the
    largest absolute and relative error."""
    tolerance = official_tolerance(expected.dtype)
    mean = bound.mean if work.is_complex else bound.mean.real
    sums = torch.zeros(5, dtype=torch.float64, device=expected.device)
    peaks = torch.zeros(2, dtype=torch.float64, device=expected.device)
    for found, wanted in pieces(output, expected):
        if found.dtype == wanted.dtype and torch.equal(found, wanted):
            continue  # nothing to count: often so on the CPU, where one look is a tenth of what follows
        unequal, mismatches = (found != wanted).sum(), sums.new_zeros(())
        o, x = found.to(work), wanted.to(work)
        if sift:
            finite = o.isfinite() & x.isfinite()
            mismatches = (~finite & ~((o.isnan() & x.isnan()) | (o == x))).sum()
            o, x = torch.where(finite, o, 0), torch.where(finite, x, 0)
        error, size = (o - x).abs(), x.abs()
        allowed = bound.base + bound.per_deviation * (x - mean).abs() + bound.per_size * size
        counts = [unequal, mismatches, error > tolerance + tolerance * o.abs(), error > allowed.clamp_min(bound.floor)]
        found_sums = [*(count.sum() for count in counts), error.square().sum(dtype=torch.float64)]
        sums += torch.stack([each.to(sums) for each in found_sums])
        relative = torch.where(size > 0, error / size, 0)
        peaks = torch.maximum(peaks, torch.stack([error.amax(), relative.amax()]).double())
    return torch.cat([sums, peaks]).tolist()
