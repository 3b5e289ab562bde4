"""The sums of `comparison` and `scales`, on a GPU, in one pass over memory: a whole tensor costs what reading it costs.

For what a GPU's programs mostly return: dense tensors of float32 or half precision, several of one layout at once, so
that many small ones cost one launch. Differences are taken in float32 and summed in float64; what is not finite is set
apart in the same pass.
"""

from collections.abc import Sequence
from typing import Any

import torch

from kbwf.device_code import Integer, Pointer, launch

_SOURCE = """
struct alignas(4 * sizeof(ELEMENT)) Four { ELEMENT at[4]; };

__device__ float value_of(float x) { return x; }
__device__ float value_of(unsigned short x) {
    float y;
#if IS_BFLOAT16
    y = __uint_as_float((unsigned)x << 16);
#else
    asm("cvt.f32.f16 %0, %1;" : "=f"(y) : "h"(x));
#endif
    return y;
}
__device__ bool is_finite(float x) { return fabsf(x) <= 3.402823466e38f; }

__device__ void add(double value, double *total) {
    for (int step = 16; step; step >>= 1) value += __shfl_down_sync(~0u, value, step);
    if (threadIdx.x % 32 == 0 && value != 0) atomicAdd(total, value);
}
__device__ void keep_most(double value, double *most) {  // bits of what is not negative are in order
    for (int step = 16; step; step >>= 1) value = fmax(value, __shfl_down_sync(~0u, value, step));
    if (threadIdx.x % 32 == 0) atomicMax((unsigned long long *)most, (unsigned long long)__double_as_longlong(value));
}

struct Rules { float tolerance, mean, floor, base, per_deviation, per_size; };
struct Sums {
    unsigned long long unequal, mismatches, official, hardened;
    double squares;
    float largest, relative;

    __device__ void take(float o, float x, const Rules &rules) {
        unequal += o != x;
        if (!is_finite(o) || !is_finite(x)) {
            mismatches += !((o != o && x != x) || o == x);
            return;
        }
        float error = fabsf(o - x), size = fabsf(x);
        official += error > rules.tolerance + rules.tolerance * fabsf(o);
        hardened += error > fmaxf(rules.floor,
                                  rules.base + rules.per_deviation * fabsf(x - rules.mean) + rules.per_size * size);
        squares += (double)error * error;
        largest = fmaxf(largest, error);
        if (error > relative * size && size > 0) relative = error / size;
    }
};

extern "C" __global__ void sweep(const ELEMENT *const *pairs, long long n, const double *numbers, double *figures) {
    const ELEMENT *found = pairs[2 * blockIdx.y], *wanted = pairs[2 * blockIdx.y + 1];
    numbers += 6 * blockIdx.y;
    figures += 7 * blockIdx.y;
    Rules rules = {(float)numbers[0], (float)numbers[1], (float)numbers[2],
                   (float)numbers[3], (float)numbers[4], (float)numbers[5]};
    Sums sums = {};
    long long first = blockIdx.x * (long long)blockDim.x + threadIdx.x, step = gridDim.x * (long long)blockDim.x;
    long long fours = 0;
    if (((unsigned long long)found | (unsigned long long)wanted) % sizeof(Four) == 0) fours = n / 4;
    for (long long i = first; i < fours; i += step) {
        Four o = ((const Four *)found)[i], x = ((const Four *)wanted)[i];
        for (int k = 0; k < 4; ++k) sums.take(value_of(o.at[k]), value_of(x.at[k]), rules);
    }
    for (long long i = 4 * fours + first; i < n; i += step) sums.take(value_of(found[i]), value_of(wanted[i]), rules);
    add(sums.unequal, figures); add(sums.mismatches, figures + 1); add(sums.official, figures + 2);
    add(sums.hardened, figures + 3); add(sums.squares, figures + 4);
    keep_most(sums.largest, figures + 5); keep_most(sums.relative, figures + 6);
}

extern "C" __global__ void moments(const ELEMENT *const *tensors, long long n, double *figures) {
    const ELEMENT *values = tensors[blockIdx.y];
    figures += 4 * blockIdx.y;
    double pivot = is_finite(value_of(values[0])) ? value_of(values[0]) : 0;
    if (blockIdx.x == 0 && threadIdx.x == 0) figures[3] = pivot;
    double count = 0, sum = 0, squares = 0;
    long long first = blockIdx.x * (long long)blockDim.x + threadIdx.x, step = gridDim.x * (long long)blockDim.x;
    for (long long i = first; i < n; i += step) {
        float value = value_of(values[i]);
        if (!is_finite(value)) continue;
        double x = value - pivot;
        count += 1; sum += x; squares += x * x;
    }
    add(count, figures); add(sum, figures + 1); add(squares, figures + 2);
}
"""
_TYPES = {torch.float32: "float", torch.float16: "unsigned short", torch.bfloat16: "unsigned short"}


def can_read(*tensors: torch.Tensor) -> bool:
    """Whether these are tensors that one pass can go over side by side."""
    first = tensors[0]
    return (
        first.is_cuda
        and first.dtype in _TYPES
        and first.numel() > 0
        and all(each.dtype == first.dtype and each.stride() == first.stride() for each in tensors)
        and _is_dense(first)
    )


def sweep(pairs: Sequence[tuple[torch.Tensor, torch.Tensor]], tolerance: float, bounds: Sequence[Any]) -> list[Any]:
    """For each pair of found and wanted what `comparison._sweep` says, whatever is infinite or not a number."""
    numbers_P_6 = [
        (tolerance, each.mean.real, each.floor, each.base, each.per_deviation, each.per_size) for each in bounds
    ]
    rules = torch.tensor(numbers_P_6, dtype=torch.float64, device=pairs[0][0].device)
    tensors = [tensor for pair in pairs for tensor in pair]
    return _figures("sweep", tensors, len(pairs), [(rules.data_ptr(), Pointer)], 7)


def moments(tensors: Sequence[torch.Tensor]) -> list[list[float]]:
    """For each tensor what `scales._moments` says of its finite values: number, mean (real, imaginary), sum of
    squared deviations."""
    found = []
    for count, total, squares, pivot in _figures("moments", tensors, len(tensors), [], 4):
        mean = total / count if count else 0.0
        found.append([count, pivot + mean, 0.0, squares - total * mean] if count else [0.0, 0.0, 0.0, 0.0])
    return found


def _is_dense(tensor: torch.Tensor) -> bool:
    """Whether its elements fill one stretch of memory, each place once."""
    expected = 1
    for stride, size in sorted(zip(tensor.stride(), tensor.shape, strict=True)):
        if size != 1 and stride != expected:
            return False
        expected *= size
    return True


def _figures(
    name: str, tensors: Sequence[torch.Tensor], num_rows: int, arguments: list[tuple[Any, Any]], num_figures: int
) -> list[list[float]]:
    """What a kernel of one row for each pair or tensor found; all are of one layout."""
    first = tensors[0]
    addresses = torch.tensor([tensor.data_ptr() for tensor in tensors], device=first.device)
    figures = torch.zeros((num_rows, num_figures), dtype=torch.float64, device=first.device)
    all_arguments = [
        (addresses.data_ptr(), Pointer), (first.numel(), Integer), *arguments, (figures.data_ptr(), Pointer)
    ]  # fmt: skip
    defines = (f"ELEMENT={_TYPES[first.dtype]}", f"IS_BFLOAT16={int(first.dtype == torch.bfloat16)}")
    launch(_SOURCE, name, all_arguments, first.device, defines, num_rows)
    found: list[list[float]] = figures.tolist()
    return found
