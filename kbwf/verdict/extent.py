"""The box that holds an output's values, and which answers without any computation it lets through."""

import math
from dataclasses import dataclass

import torch

from kbwf.verdict.pieces import pieces
from kbwf.verdict.tolerance import is_exact, official_tolerance


@dataclass(frozen=True)
class Extent:
    """The smallest box that holds an output's values: an interval, or a rectangle for complex ones."""

    low: complex
    high: complex

    def merge(self, other: "Extent") -> "Extent":
        """The box around both; NaN stays."""
        real = [self.low.real, other.low.real, self.high.real, other.high.real]
        imaginary = [self.low.imag, other.low.imag, self.high.imag, other.high.imag]
        if any(map(math.isnan, [*real, *imaginary])):
            return Extent(math.nan, math.nan)
        return Extent(complex(min(real), min(imaginary)), complex(max(real), max(imaginary)))

    def degenerate_answers(self, dtype: torch.dtype) -> tuple[str, ...]:
        """Which of `zeros` and `constant` KernelBench's rule lets through for every output within the box.

        The best constant is the box's middle.
        """
        tolerance = 0.0 if is_exact(dtype) else official_tolerance(dtype)
        middle, reach = (self.low + self.high) / 2, abs(self.high - self.low) / 2
        furthest = max(abs(self.low), abs(self.high))
        passes = {"zeros": furthest <= tolerance, "constant": reach <= tolerance + tolerance * abs(middle)}
        return tuple(name for name, is_let_through in passes.items() if is_let_through)


def extent_of(output: torch.Tensor) -> Extent:
    """The box around all values, NaN where one of them is."""
    if output.is_complex():
        real, imaginary = (extent_of(part) for part in (output.real, output.imag))
        return Extent(complex(real.low.real, imaginary.low.real), complex(real.high.real, imaginary.high.real))
    corners = [torch.stack(piece.aminmax()).double() for (piece,) in pieces(output)]
    if not corners:
        return Extent(0.0, 0.0)
    low, high = torch.stack(corners).unbind(1)
    return Extent(low.amin().item(), high.amax().item())
