"""Where a runner's results lie, so that the judge can read them where they are and no copy is timed.

On a GPU the runner's tensors are cut from memory that the judge owns: torch's caching allocator, in a pool of its own,
takes its segments from there, and from the driver once it is full. On the CPU the judge reads the runner's own memory.
"""

import ctypes
import itertools

import torch

from kbwf.cuda_calls import driver_call

_ALIGNMENT_BYTES = 512
_ALLOCATE = ctypes.CFUNCTYPE(ctypes.c_void_p, ctypes.c_ssize_t, ctypes.c_int, ctypes.c_void_p)
_FREE = ctypes.CFUNCTYPE(None, ctypes.c_void_p, ctypes.c_ssize_t, ctypes.c_int, ctypes.c_void_p)


class Arena:
    """Segments for torch's allocator, first fit, from one stretch of memory."""

    def __init__(self, memory: torch.Tensor) -> None:
        self.start, self.end = memory.data_ptr(), memory.data_ptr() + memory.numel()
        self._used: list[tuple[int, int]] = []  # start and end of each segment, ascending
        self._callbacks = _ALLOCATE(self._allocate), _FREE(self._free)  # the allocator keeps their addresses alone
        addresses = [ctypes.cast(each, ctypes.c_void_p).value or 0 for each in self._callbacks]
        self.pool = torch.cuda.MemPool(torch._C._cuda_customAllocator(*addresses))

    def holds(self, tensor: torch.Tensor) -> bool:
        """Whether a tensor's memory is the judge's."""
        return self.start <= tensor.data_ptr() < self.end

    def _allocate(self, num_bytes: int, _device: int, _stream: int) -> int | None:
        wanted = -(-num_bytes // _ALIGNMENT_BYTES) * _ALIGNMENT_BYTES
        bounds = [(self.start, self.start), *self._used, (self.end, self.end)]
        for position, ((_, left), (right, _)) in enumerate(itertools.pairwise(bounds)):
            if right - left >= wanted:
                self._used.insert(position, (left, left + wanted))
                return left
        try:
            return int(driver_call("cuMemAlloc", num_bytes))
        except Exception:  # torch says what could not be allocated
            return None

    def _free(self, address: int, _num_bytes: int, _device: int, _stream: int) -> None:
        if not self.start <= address < self.end:
            driver_call("cuMemFree", address)
            return
        self._used = [each for each in self._used if each[0] != address]


def claim_of(tensor: torch.Tensor, arena: Arena | None) -> list[int]:
    """Where a result lies: offset into the arena (on the CPU its address), then its strides in elements.

    A result without elements lies nowhere, which is at 0.
    """
    origin = arena.start if arena is not None else 0
    return [tensor.data_ptr() - origin if tensor.numel() else 0, *tensor.stride()]


def is_readable(tensor: torch.Tensor, arena: Arena | None) -> bool:
    """Whether the judge can read it there: in its memory, and not spread over much more than it needs."""
    if not tensor.numel():
        return True
    if arena is not None and not arena.holds(tensor):
        return False
    extent = 1 + sum((size - 1) * stride for size, stride in zip(tensor.shape, tensor.stride(), strict=True))
    return extent <= 2 * tensor.numel() + 4096
