"""The sums of `comparison`, on a GPU, in one pass over memory: a whole tensor costs what reading it costs.

Compiled at run time, by NVRTC through cuda-bindings, for what a GPU's programs mostly return: dense tensors of float32
or half precision. Everything is taken in float64, so that values that are not finite are set apart in the same pass.
"""

import ctypes
import functools
from typing import Any

import torch

from kbwf.cuda_calls import compiler_call, driver_call
from kbwf.errors import InfrastructureError

_SOURCE = """
__device__ double value_of(float x) { return x; }
__device__ double value_of(unsigned short x) {
    float y;
#if IS_BFLOAT16
    y = __uint_as_float((unsigned)x << 16);
#else
    asm("cvt.f32.f16 %0, %1;" : "=f"(y) : "h"(x));
#endif
    return y;
}
__device__ bool is_finite(double x) { return fabs(x) <= 1.7976931348623157e308; }

__device__ void add(double value, double *total) {
    for (int step = 16; step; step >>= 1) value += __shfl_down_sync(~0u, value, step);
    if (threadIdx.x % 32 == 0) atomicAdd(total, value);
}
__device__ void keep_most(double value, double *most) {  // bits of what is not negative are in order
    for (int step = 16; step; step >>= 1) value = fmax(value, __shfl_down_sync(~0u, value, step));
    if (threadIdx.x % 32 == 0) atomicMax((unsigned long long *)most, (unsigned long long)__double_as_longlong(value));
}

extern "C" __global__ void sweep(const ELEMENT *found, const ELEMENT *wanted, long long n, double tolerance,
                                 double mean, double floor, double base, double per_deviation, double per_size,
                                 double *figures) {
    double unequal = 0, mismatches = 0, official = 0, hardened = 0, squares = 0, largest = 0, relative = 0;
    long long first = blockIdx.x * (long long)blockDim.x + threadIdx.x, step = gridDim.x * (long long)blockDim.x;
    for (long long i = first; i < n; i += step) {
        double o = value_of(found[i]), x = value_of(wanted[i]);
        unequal += o != x;
        if (!is_finite(o) || !is_finite(x)) {
            mismatches += !((o != o && x != x) || o == x);
            continue;
        }
        double error = fabs(o - x), size = fabs(x);
        official += error > tolerance + tolerance * fabs(o);
        hardened += error > fmax(floor, base + per_deviation * fabs(x - mean) + per_size * size);
        squares += error * error;
        largest = fmax(largest, error);
        if (error > relative * size && size > 0) relative = error / size;
    }
    add(unequal, figures); add(mismatches, figures + 1); add(official, figures + 2); add(hardened, figures + 3);
    add(squares, figures + 4); keep_most(largest, figures + 5); keep_most(relative, figures + 6);
}

extern "C" __global__ void moments(const ELEMENT *values, long long n, double pivot, double *figures) {
    double count = 0, sum = 0, squares = 0;
    long long first = blockIdx.x * (long long)blockDim.x + threadIdx.x, step = gridDim.x * (long long)blockDim.x;
    for (long long i = first; i < n; i += step) {
        double x = value_of(values[i]);
        if (!is_finite(x)) continue;
        x -= pivot;
        count += 1; sum += x; squares += x * x;
    }
    add(count, figures); add(sum, figures + 1); add(squares, figures + 2);
}
"""
_TYPES = {torch.float32: "float", torch.float16: "unsigned short", torch.bfloat16: "unsigned short"}
_NUM_THREADS = 256
_BLOCKS_PER_PROCESSOR = 8


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


def sweep(found: torch.Tensor, wanted: torch.Tensor, tolerance: float, bound: Any) -> list[float]:
    """As `comparison._sweep`, whatever is infinite or not a number."""
    numbers = (tolerance, bound.mean.real, bound.floor, bound.base, bound.per_deviation, bound.per_size)
    return _launched("sweep", 7, [found, wanted], numbers)


def moments(values: torch.Tensor) -> list[float]:
    """As `comparison._moments`: number, mean (real, imaginary) and sum of squared deviations of the finite values."""
    pivot = float(values.as_strided((1,), (1,)))
    pivot = pivot if abs(pivot) < float("inf") else 0.0  # false for NaN too
    count, total, squares = _launched("moments", 3, [values], (pivot,))
    if not count:
        return [0.0, 0.0, 0.0, 0.0]
    return [count, pivot + total / count, 0.0, squares - total * total / count]


def _is_dense(tensor: torch.Tensor) -> bool:
    """Whether its elements fill one stretch of memory, each place once."""
    expected = 1
    for stride, size in sorted(zip(tensor.stride(), tensor.shape, strict=True)):
        if size != 1 and stride != expected:
            return False
        expected *= size
    return True


def _launched(name: str, num_figures: int, tensors: list[torch.Tensor], numbers: tuple[float, ...]) -> list[float]:
    first = tensors[0]
    device = first.device
    figures = torch.zeros(num_figures, dtype=torch.float64, device=device)
    values = [*(tensor.data_ptr() for tensor in tensors), first.numel(), *numbers, figures.data_ptr()]
    kinds = [
        *(ctypes.c_void_p for _ in tensors),
        ctypes.c_longlong,
        *(ctypes.c_double for _ in numbers),
        ctypes.c_void_p,
    ]
    num_blocks = _BLOCKS_PER_PROCESSOR * torch.cuda.get_device_properties(device).multi_processor_count
    with torch.cuda.device(device):
        kernel = _kernel(name, first.dtype, device)
        stream = torch.cuda.current_stream(device).cuda_stream
        grid, block = (num_blocks, 1, 1), (_NUM_THREADS, 1, 1)
        driver_call("cuLaunchKernel", kernel, *grid, *block, 0, stream, (tuple(values), tuple(kinds)), 0)
    return figures.tolist()


@functools.cache
def _kernel(name: str, dtype: torch.dtype, device: torch.device) -> Any:
    module = driver_call("cuModuleLoadData", _compiled(dtype, torch.cuda.get_device_capability(device)))
    return driver_call("cuModuleGetFunction", module, name.encode())


@functools.cache
def _compiled(dtype: torch.dtype, capability: tuple[int, int]) -> bytes:
    program = compiler_call("nvrtcCreateProgram", _SOURCE.encode(), b"fused.cu", 0, [], [])
    major, minor = capability
    options = [
        f"--gpu-architecture=sm_{major}{minor}".encode(),
        f"-DELEMENT={_TYPES[dtype]}".encode(),
        f"-DIS_BFLOAT16={int(dtype == torch.bfloat16)}".encode(),
    ]
    try:
        compiler_call("nvrtcCompileProgram", program, len(options), options)
    except InfrastructureError as error:
        log = bytes(compiler_call("nvrtcGetProgramLogSize", program))
        compiler_call("nvrtcGetProgramLog", program, log)
        raise InfrastructureError(
            f"the judge's own kernel does not compile ({error}): {log.decode(errors='replace')}"
        ) from error
    binary = bytes(compiler_call("nvrtcGetCUBINSize", program))
    compiler_call("nvrtcGetCUBIN", program, binary)
    return binary
