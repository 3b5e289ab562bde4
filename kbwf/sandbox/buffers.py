"""Memory that the judge owns and runners are given: CUDA IPC on a GPU, a memory file on the CPU.

Handles only ever travel from the judge to a runner, so the judge never maps memory that a candidate names. On a GPU
each buffer is a `cuMemAlloc` of its own: an IPC handle opens the whole allocation, and torch's allocator would put the
expected outputs next to the inputs in one. torch's own sharing (`reduce_tensor`) counts references in the receiver,
which a killed candidate never gives back; these handles have no count.
"""

import ctypes
import fcntl
import mmap
import os
from typing import Any

import torch

from kbwf.errors import InfrastructureError

_IPC_LAZY_ENABLE_PEER_ACCESS = 1


class _IpcHandle(ctypes.Structure):
    _fields_ = (("reserved", ctypes.c_ubyte * 64),)


class _DevicePointer:
    """Lets torch view device memory it did not allocate, as bytes."""

    def __init__(self, address: int, num_bytes: int) -> None:
        self.__cuda_array_interface__ = {
            "shape": (num_bytes,), "typestr": "|u1", "data": (address, False), "version": 3,
        }  # fmt: skip


class Shared:
    """A tensor in memory that can be handed over, laid out like an example.

    Attributes:
        tensor: shape, strides, dtype and device of the example; values not set.
        fields: what the receiver needs, as JSON.
        descriptors: the memory file, on the CPU; empty on a GPU.
    """

    def __init__(self, example: torch.Tensor) -> None:
        strides = zip(example.shape, example.stride(), strict=True)
        extent = max(1, 1 + sum((size - 1) * stride for size, stride in strides)) if example.numel() else 1
        num_bytes = extent * example.element_size()
        self.fields: dict[str, Any] = {
            "shape": list(example.shape), "stride": list(example.stride()), "num_bytes": num_bytes,
            "dtype": str(example.dtype).removeprefix("torch."),
        }  # fmt: skip
        self.descriptors: list[int] = []
        self._address = 0
        if example.device.type == "cpu":
            self.descriptors = [os.memfd_create("kbwf", os.MFD_CLOEXEC | os.MFD_ALLOW_SEALING)]
            os.ftruncate(self.descriptors[0], num_bytes)
            # The receiver's mmap keeps the file open: whoever could shrink it could end the judge with a bus error.
            fcntl.fcntl(
                self.descriptors[0], fcntl.F_ADD_SEALS, fcntl.F_SEAL_SHRINK | fcntl.F_SEAL_GROW | fcntl.F_SEAL_SEAL
            )
            memory = torch.frombuffer(mmap.mmap(self.descriptors[0], num_bytes), dtype=torch.uint8)
        else:
            pointer, handle = ctypes.c_uint64(), _IpcHandle()
            _driver("cuMemAlloc_v2", ctypes.byref(pointer), ctypes.c_size_t(num_bytes))
            self._address = pointer.value
            _driver("cuIpcGetMemHandle", ctypes.byref(handle), pointer)
            self.fields["handle"] = bytes(handle.reserved).hex()
            memory = torch.as_tensor(_DevicePointer(pointer.value, num_bytes), device=example.device)
        self.tensor = _view(memory, self.fields)

    def close(self) -> None:
        """Give the memory back; `tensor` must not be used any more."""
        del self.tensor
        for descriptor in self.descriptors:
            os.close(descriptor)
        if self._address:
            torch.cuda.synchronize()
            _driver("cuMemFree_v2", ctypes.c_uint64(self._address))
        self.descriptors, self._address = [], 0


def open_shared(fields: dict[str, Any], descriptor: int | None, device: torch.device) -> torch.Tensor:
    """The runner's view of a tensor that the judge shared. On a GPU a context must be current."""
    if descriptor is not None:
        memory = torch.frombuffer(mmap.mmap(descriptor, fields["num_bytes"]), dtype=torch.uint8)
        os.close(descriptor)
        return _view(memory, fields)
    pointer, handle = ctypes.c_uint64(), _IpcHandle.from_buffer_copy(bytes.fromhex(fields["handle"]))
    _driver("cuIpcOpenMemHandle_v2", ctypes.byref(pointer), handle, ctypes.c_uint(_IPC_LAZY_ENABLE_PEER_ACCESS))
    return _view(torch.as_tensor(_DevicePointer(pointer.value, fields["num_bytes"]), device=device), fields)


def _view(memory: torch.Tensor, fields: dict[str, Any]) -> torch.Tensor:
    dtype = getattr(torch, fields["dtype"])
    return memory.view(dtype).as_strided(fields["shape"], fields["stride"])


def _driver(function: str, *arguments: Any) -> None:
    code = getattr(ctypes.CDLL("libcuda.so.1"), function)(*arguments)
    if code:
        raise InfrastructureError(f"the CUDA driver refused {function}: error {code}")
