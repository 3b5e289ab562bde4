"""CUDA kernels of our own: compiled at run time by NVRTC, through cuda-bindings, and launched on torch's stream.

Where a whole tensor is looked at, one pass over memory instead of torch's several is most of what that costs. Products
and sums are rounded one by one, as torch's are, so that what either counts is the same.
"""

import ctypes
import functools
from collections.abc import Sequence
from typing import Any

import torch

from kbwf.cuda_calls import compiler_call, driver_call
from kbwf.errors import InfrastructureError

_NUM_THREADS = 256
_BLOCKS_PER_PROCESSOR = 8

Pointer, Integer = ctypes.c_void_p, ctypes.c_longlong
"""What a kernel's parameters may be."""


def launch(
    source: str,
    kernel: str,
    arguments: Sequence[tuple[Any, Any]],
    device: torch.device,
    defines: tuple[str, ...] = (),
    num_rows: int = 1,
) -> None:
    """Start a kernel over a grid that fills the GPU; nothing is waited for.

    Args:
        source: CUDA C++, with the kernel as `extern "C"`.
        arguments: value and kind (`Pointer`, `Integer`) of each parameter.
        defines: macros, as `NAME=value`.
        num_rows: the grid's second dimension; its first is as much smaller.

    Raises:
        InfrastructureError: the source does not compile, or the GPU refused.
    """
    values, kinds = zip(*arguments, strict=True)
    num_blocks = _BLOCKS_PER_PROCESSOR * torch.cuda.get_device_properties(device).multi_processor_count
    with torch.cuda.device(device):
        function = _function(source, kernel, defines, device)
        stream = torch.cuda.current_stream(device).cuda_stream
        grid, block = (max(1, num_blocks // num_rows), num_rows, 1), (_NUM_THREADS, 1, 1)
        driver_call("cuLaunchKernel", function, *grid, *block, 0, stream, (values, kinds), 0)


@functools.cache
def _function(source: str, kernel: str, defines: tuple[str, ...], device: torch.device) -> Any:
    module = driver_call("cuModuleLoadData", _compiled(source, defines, torch.cuda.get_device_capability(device)))
    return driver_call("cuModuleGetFunction", module, kernel.encode())


@functools.cache
def _compiled(source: str, defines: tuple[str, ...], capability: tuple[int, int]) -> bytes:
    program = compiler_call("nvrtcCreateProgram", source.encode(), b"judge.cu", 0, [], [])
    major, minor = capability
    options = [f"--gpu-architecture=sm_{major}{minor}", "--fmad=false", *(f"-D{each}" for each in defines)]
    try:
        compiler_call("nvrtcCompileProgram", program, len(options), [each.encode() for each in options])
    except InfrastructureError as error:
        log = bytes(compiler_call("nvrtcGetProgramLogSize", program))
        compiler_call("nvrtcGetProgramLog", program, log)
        raise InfrastructureError(
            f"the judge's own kernel does not compile ({error}): {log.decode(errors='replace')}"
        ) from error
    binary = bytes(compiler_call("nvrtcGetCUBINSize", program))
    compiler_call("nvrtcGetCUBIN", program, binary)
    return binary
