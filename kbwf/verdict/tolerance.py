"""When is an output too far from the expected one? Scales in, a bound out; `verdict.comparison` measures against it.

*Official* is KernelBench's rule: |expected - output| <= t + t |output| everywhere, t = 1e-2 for half precision and 1e-4
for everything else. Where outputs are smaller than t, it lets any answer through.

*Hardened* measures an error in units of the expected output's own variation. With the root mean square `rms` and the
standard deviation `spread` of the expected values x_i, and errors e_i, an output is refused if

    rms(e) > max(R spread + C u rms,  M r_rms rms,  i)                              or, for any i,
    |e_i|  > max(P [R (spread + |x_i - mean|) + C u |x_i|],  M r_max rms,  P i)

u is the dtype's unit roundoff. The constants, and where they come from:

R   What a dtype promises, `PRECISION`: 2^-15 for float32. Rounding to 11 significant bits (TF32, half) makes an rms
    error of 2^-11 / sqrt(3) of a value at the start of a binade and of 2^-12.3 on average over it; a product of two
    such values has 2^-11.8, bfloat16 eight times as much. So each is refused by a factor of six or more, and zeros,
    constants and means, whose error is the spread itself, by 2^15. Right float32 kernels of the bundled suite stay
    below an eighth of the bound.
C   sqrt(n) / 4, what sums of n terms may lose; at least 64 (n = 2^16) and at most 256 (n = 2^20). A single accumulator
    over n terms of one sign makes an rms error of 0.24 u sqrt(n) of the sum: step k rounds a partial sum of k/n by
    0.42 u on average over a binade, and the squares add up to a third. Blocked and pairwise sums lose less. (The worst
    case would be n u: Higham, Accuracy and Stability of Numerical Algorithms, 2002, section 4.2.) It matters where a
    mean hides the variation: in float32, where spread < 0.13 rms. There TF32 may hide as well, which is why hardened
    trials also draw signs. In half precision C is 4: 64 of its roundoffs are 2^-5, more than many outputs vary, and
    whoever sums in half precision keeps the sum itself in float32.
M   8: a kernel may be eight times as far off as the reference is, whose error r against float64, and between processes,
    is measured (`RefError`). It matters where a task is ill-conditioned or its reference itself rounds to TF32.
I   4: on inputs far smaller than the official ones an output may be as much smaller, and a right program still go
    through values of the official size, and round them, where the reference does not: near 0, tanh(x) is x to the
    last bit, and (1 - e) / (1 + e) is off by a roundoff of 1. So on varied inputs i is I u times the official output's
    rms, at most 2^-5 of the spread. In half precision nothing: programs compute in float32 there.
P   8: the largest of many rounding errors against their bound; six for a normal distribution and 10^9 values, more
    where values are of uneven size, which |x_i - mean| follows.

What no rule of this kind sees: one value that is wrong by less than P R = 2^-12 of the spread, and a part whose whole
contribution is below R of it. At that distance nothing tells a mistake from rounding.
"""

import math
from dataclasses import dataclass

import torch

PRECISION = {
    torch.float64: 2.0**-40,
    torch.float32: 2.0**-15,
    torch.float16: 2.0**-9,
    torch.bfloat16: 2.0**-6,
}
"""R: the rms error allowed in units of the spread. The next shorter format makes more: 2^-25 where float32 stands for
float64, 2^-12 where TF32 stands for float32, 2^-5 where eight bits stand for half precision."""
MIN_SUM_ROUNDOFFS, MAX_SUM_ROUNDOFFS = 64.0, 256.0
"""C: roundoffs of the output's own size that sums may lose."""
HALF_SUM_ROUNDOFFS = 4.0
"""C for half precision."""
REF_MULTIPLE = 8.0
"""M: times the reference's own error."""
PEAK = 8.0
"""P: the largest error against the rms error."""
INNER_ROUNDOFFS = 4.0
"""I: roundoffs of the official output's size, on other draws."""
INNER_MAX_FRAC = 2.0**-5
"""Of the spread: more of it is never laid to such rounding."""
HALF = frozenset({torch.float16, torch.bfloat16})


@dataclass(frozen=True)
class Scale:
    """Size and variation of an expected output, over its finite values."""

    num_values: int
    """Finite ones."""
    mean: complex
    rms: float
    spread: float
    """Standard deviation around the mean."""


@dataclass(frozen=True)
class RefError:
    """How far the reference is from the truth, in units of the expected output's `rms`, and how long its sums are.

    The largest over a few draws of one kind, against float64 and between processes.
    """

    rms_frac: float = 0.0
    max_abs_frac: float = 0.0
    unequal_frac: float = 0.0
    """Of whole-number outputs: entries that differ, as at near ties of an argmax."""
    num_terms: int = 0
    """Of its longest sum, as far as sizes tell; 0 if nobody looked."""
    inner_abs: float = 0.0
    """In the output's own units: i, what values between may lose; 0 on official draws."""

    def merge(self, other: "RefError") -> "RefError":
        """The larger of each."""
        return RefError(
            max(self.rms_frac, other.rms_frac),
            max(self.max_abs_frac, other.max_abs_frac),
            max(self.unequal_frac, other.unequal_frac),
            max(self.num_terms, other.num_terms),
            max(self.inner_abs, other.inner_abs),
        )


EXACT = RefError()
"""Nothing was measured: the reference counts as true."""


@dataclass(frozen=True)
class Bound:
    """The hardened rule for one expected output.

    The error of element i may be at most max(floor, base + per_deviation |x_i - mean| + per_size |x_i|).
    """

    rms: float
    floor: float
    base: float
    per_deviation: float
    per_size: float
    mean: complex
    unequal_frac: float
    """Of whole-number outputs: entries that may differ."""


def official_tolerance(dtype: torch.dtype) -> float:
    """t of KernelBench's rule, absolute and relative alike."""
    return 1e-2 if dtype in HALF else 1e-4


def is_exact(dtype: torch.dtype) -> bool:
    """Integers and booleans, which are equal or wrong."""
    return not (dtype.is_floating_point or dtype.is_complex)


def inner_abs(dtype: torch.dtype, official: Scale) -> float:
    """i, from the official output's scale."""
    return 0.0 if dtype in HALF else INNER_ROUNDOFFS * torch.finfo(dtype).eps / 2 * official.rms


def hardened_bound(dtype: torch.dtype, scale: Scale, ref_error: RefError = EXACT) -> Bound:
    """The hardened rule for an expected output of this dtype and scale."""
    if is_exact(dtype):
        return Bound(0.0, 0.0, 0.0, 0.0, 0.0, scale.mean, REF_MULTIPLE * ref_error.unequal_frac)
    roundoff = torch.finfo(dtype).eps / 2
    precision = PRECISION.get(dtype.to_real() if dtype.is_complex else dtype, 4 * roundoff)
    sum_roundoffs = min(max(math.sqrt(ref_error.num_terms) / 4, MIN_SUM_ROUNDOFFS), MAX_SUM_ROUNDOFFS)
    if dtype in HALF:
        sum_roundoffs = HALF_SUM_ROUNDOFFS
    per_size = sum_roundoffs * roundoff
    known = REF_MULTIPLE * scale.rms
    inner = min(ref_error.inner_abs, INNER_MAX_FRAC * scale.spread)
    return Bound(
        rms=max(precision * scale.spread + per_size * scale.rms, known * ref_error.rms_frac, inner),
        floor=max(known * ref_error.max_abs_frac, PEAK * inner),
        base=PEAK * precision * scale.spread,
        per_deviation=PEAK * precision,
        per_size=PEAK * per_size,
        mean=scale.mean,
        unequal_frac=0.0,
    )
