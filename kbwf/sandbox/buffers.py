"""Memory that the judge owns and runners are given: CUDA IPC on a GPU, a memory file on the CPU.

Handles only ever travel from the judge to a runner, so the judge never maps memory that a candidate names. On a GPU
each ring is a `cuMemAlloc` of its own: an IPC handle opens the whole allocation, and torch's allocator would put the
expected outputs next to the inputs in one. torch's own sharing (`reduce_tensor`) counts references in the receiver,
which a killed candidate never gives back; these handles have no count.
"""

import contextlib
import fcntl
import mmap
import os
from typing import Any

import torch

from kbwf.cuda_calls import driver_call
from kbwf.errors import InfrastructureError
from kbwf.sandbox.messages import Buffer

_ALIGNMENT_BYTES = 512
"""What torch's allocators align to; vector loads of kernels rely on it."""


class _DevicePointer:
    """Lets torch view device memory it did not allocate, as bytes."""

    def __init__(self, address: int, num_bytes: int) -> None:
        self.__cuda_array_interface__ = {
            "shape": (num_bytes,), "typestr": "|u1", "data": (address, False), "version": 3,
        }  # fmt: skip


def layout_of(example: torch.Tensor) -> Buffer:
    """The layout of memory for one tensor like the example."""
    strides = zip(example.shape, example.stride(), strict=True)
    extent = max(1, 1 + sum((size - 1) * stride for size, stride in strides)) if example.numel() else 1
    num_bytes = extent * example.element_size()
    return Buffer(
        shape=list(example.shape),
        stride=list(example.stride()),
        dtype=str(example.dtype).removeprefix("torch."),
        num_slots=1,
        slot_bytes=-(-num_bytes // _ALIGNMENT_BYTES) * _ALIGNMENT_BYTES,
    )


def dense_layout_of(example: torch.Tensor) -> Buffer:
    """The same for a tensor that is written to: no two of its elements lie at one place."""
    return layout_of(torch.empty_like(example, device="meta"))


def write(target: torch.Tensor, value: torch.Tensor) -> None:
    """Copy into a tensor of the same layout, expanded dimensions once."""
    for dimension, (size, stride) in enumerate(zip(target.shape, target.stride(), strict=True)):
        if stride == 0 and size > 1:
            target, value = target.narrow(dimension, 0, 1), value.narrow(dimension, 0, 1)
    target.copy_(value)


class Ring:
    """Tensors of one layout in memory that can be handed over; values not set.

    Attributes:
        layout: what the receiver needs.
        memory: all of it as bytes.
        tensors: one for each slot.
        descriptors: the memory file, on the CPU; empty on a GPU.
    """

    def __init__(self, layout: Buffer, num_slots: int, device: torch.device) -> None:
        num_bytes = layout.slot_bytes * num_slots
        self.descriptors: list[int] = []
        self._address: Any = None
        handle = None
        if device.type == "cpu":
            self.descriptors = [os.memfd_create("kbwf", os.MFD_CLOEXEC | os.MFD_ALLOW_SEALING)]
            os.ftruncate(self.descriptors[0], num_bytes)
            # The receiver's mmap keeps the file open: whoever could shrink it could end the judge with a bus error.
            fcntl.fcntl(
                self.descriptors[0], fcntl.F_ADD_SEALS, fcntl.F_SEAL_SHRINK | fcntl.F_SEAL_GROW | fcntl.F_SEAL_SEAL
            )
            self.memory = torch.frombuffer(mmap.mmap(self.descriptors[0], num_bytes), dtype=torch.uint8)
        else:
            self._address = driver_call("cuMemAlloc", num_bytes)
            handle = bytes(driver_call("cuIpcGetMemHandle", self._address).reserved).hex()
            self.memory = torch.as_tensor(_DevicePointer(int(self._address), num_bytes), device=device)
        self.layout = layout.model_copy(update={"num_slots": num_slots, "handle": handle})
        self.tensors = _views(self.memory, self.layout)

    def close(self) -> None:
        """Give the memory back; its tensors must not be used any more."""
        self.tensors = []
        del self.memory
        for descriptor in self.descriptors:
            os.close(descriptor)
        self.descriptors = []
        if self._address is not None:
            torch.cuda.synchronize()
            driver_call("cuMemFree", self._address)
            self._address = None


def open_ring(layout: Buffer, descriptor: int | None, device: torch.device) -> list[torch.Tensor]:
    """The runner's view of a ring that the judge made. On a GPU a context must be current."""
    num_bytes = layout.slot_bytes * layout.num_slots
    if layout.handle is None:
        assert descriptor is not None, "on the CPU a ring comes with its memory file"
        memory = torch.frombuffer(mmap.mmap(descriptor, num_bytes), dtype=torch.uint8)
        os.close(descriptor)
        return _views(memory, layout)
    from cuda.bindings import driver

    handle = driver.CUipcMemHandle()
    handle.reserved = bytes.fromhex(layout.handle)
    flags = driver.CUipcMem_flags.CU_IPC_MEM_LAZY_ENABLE_PEER_ACCESS.value
    address = driver_call("cuIpcOpenMemHandle", handle, flags)
    return _views(torch.as_tensor(_DevicePointer(int(address), num_bytes), device=device), layout)


def open_memory(layout: Buffer, device: torch.device) -> torch.Tensor:
    """All of a ring as bytes, as the runner sees it."""
    return open_ring(
        layout.model_copy(update={"shape": [layout.slot_bytes], "stride": [1], "dtype": "uint8"}), None, device
    )[0]


def reset_persisting_cache() -> None:
    """No line of the GPU's cache stays there by anybody's wish."""
    with contextlib.suppress(InfrastructureError):  # a GPU without that kind of cache has nothing to reset
        driver_call("cuCtxResetPersistingL2Cache")


def _views(memory: torch.Tensor, layout: Buffer) -> list[torch.Tensor]:
    dtype = getattr(torch, layout.dtype)
    slots = memory.view(layout.num_slots, layout.slot_bytes)
    return [slot.view(dtype).as_strided(layout.shape, layout.stride) for slot in slots]
