"""The judge's look at a runner's results, where they lie. What the runner says of the place is checked."""

import os
from dataclasses import dataclass
from typing import Protocol

import torch

from kbwf.judge import secret
from kbwf.sandbox.buffers import Ring
from kbwf.sandbox.channel import ProtocolError
from kbwf.sandbox.messages import Buffer

Claims = list[list[list[int]]]
"""For each call, for each tensor: offset or address, then strides."""


@dataclass(frozen=True)
class Probes:
    """Random elements of the results of a request, chosen before the clock starts. C: calls, N: elements of a call.

    One entry for each tensor of a result: coordinates of shape [C, N, number of dimensions], on the host, where
    arithmetic on a thousand numbers takes less than its launch on a GPU would.
    """

    coordinates_L_C_N_D: list[torch.Tensor]


def choose_probes(outputs: list[Buffer], num_calls: int, num_probes: int) -> Probes:
    """So many elements over all calls."""
    count = max(1, num_probes // max(1, num_calls))
    return Probes(
        [
            torch.stack(
                [secret.integers(0, max(1, size), (num_calls, count)) for size in layout.shape]
                or [torch.zeros((num_calls, count), dtype=torch.int64)],
                dim=-1,
            )
            for layout in outputs
        ]
    )


class Results(Protocol):
    """Reads results of one runner."""

    def probe(self, claims: Claims, probes: Probes) -> list[torch.Tensor]:
        """The probed elements, for each tensor of a result of shape [C * N].

        Raises:
            ProtocolError: a claim that cannot be.
        """

    def tensor(self, claim: list[int], layout: Buffer) -> torch.Tensor:
        """One result, of the layout's shape and dtype; the same errors."""


class ArenaResults:
    """Results that lie in memory of the judge's own, on a GPU."""

    def __init__(self, arena: Ring, outputs: list[Buffer]) -> None:
        self._memory, self._outputs = arena.memory, outputs

    def probe(self, claims: Claims, probes: Probes) -> list[torch.Tensor]:
        """See `Results`: one gather for all calls."""
        found = []
        for position, (layout, coordinates) in enumerate(zip(self._outputs, probes.coordinates_L_C_N_D, strict=True)):
            dtype = getattr(torch, layout.dtype)
            if 0 in layout.shape:
                found.append(torch.empty(0, dtype=dtype, device=self._memory.device))
                continue
            for claim in claims:
                self._check(claim[position], layout)
            table = torch.tensor([claim[position] for claim in claims])
            strides = table[:, 1:] if layout.shape else torch.zeros_like(table[:, :1])
            places = (coordinates * strides[:, None, :]).sum(dim=-1) + (table[:, :1] // dtype.itemsize)
            found.append(self._memory.view(dtype)[places.flatten().to(self._memory.device)])
        torch.cuda.synchronize(self._memory.device)
        return found

    def tensor(self, claim: list[int], layout: Buffer) -> torch.Tensor:
        """See `Results`: a view."""
        self._check(claim, layout)
        dtype = getattr(torch, layout.dtype)
        return self._memory.view(dtype).as_strided(layout.shape, claim[1:], claim[0] // dtype.itemsize)

    def _check(self, claim: list[int], layout: Buffer) -> None:
        num_bytes = _extent_bytes(claim, layout)
        if claim[0] < 0 or claim[0] % getattr(torch, layout.dtype).itemsize or claim[0] + num_bytes > len(self._memory):
            raise ProtocolError(f"a result at {claim}, which is no place in the arena")


class ProcessResults:
    """Results that lie in a runner's memory, on the CPU, read through its `/proc/self/mem`.

    The runner opened it and handed it over while only trusted code ran there: it is this one process's for ever.
    """

    def __init__(self, descriptor: int, outputs: list[Buffer]) -> None:
        self._descriptor, self._outputs = descriptor, outputs

    def probe(self, claims: Claims, probes: Probes) -> list[torch.Tensor]:
        """See `Results`: one read for each element."""
        found = []
        for position, (layout, coordinates) in enumerate(zip(self._outputs, probes.coordinates_L_C_N_D, strict=True)):
            dtype = getattr(torch, layout.dtype)
            if 0 in layout.shape:
                found.append(torch.empty(0, dtype=dtype))
                continue
            parts = []
            for claim, chosen in zip(claims, coordinates.tolist(), strict=True):
                _extent_bytes(claim[position], layout)
                address, *strides = claim[position]
                for place in chosen:
                    offset = sum(one * stride for one, stride in zip(place, strides, strict=False)) * dtype.itemsize
                    parts.append(self._read(address + offset, dtype.itemsize))
            found.append(torch.frombuffer(bytearray(b"".join(parts)), dtype=dtype))
        return found

    def tensor(self, claim: list[int], layout: Buffer) -> torch.Tensor:
        """See `Results`: a copy."""
        dtype = getattr(torch, layout.dtype)
        num_bytes = _extent_bytes(claim, layout)
        if not num_bytes:
            return torch.empty(layout.shape, dtype=dtype)
        return torch.frombuffer(self._read(claim[0], num_bytes), dtype=dtype).as_strided(layout.shape, claim[1:])

    def _read(self, address: int, num_bytes: int) -> bytearray:
        found, num_read = bytearray(num_bytes), 0
        try:
            while num_read < num_bytes:
                part = os.preadv(self._descriptor, [memoryview(found)[num_read:]], address + num_read)
                if not part:
                    raise OSError
                num_read += part
        except (OSError, OverflowError, ValueError) as error:
            raise ProtocolError(f"a result at {address:#x}, where nothing can be read") from error
        return found


def check_claims(claims: Claims, outputs: list[Buffer], num_calls: int) -> None:
    """As many claims as there are results; what each says is checked when it is read.

    Raises:
        ProtocolError: there are more or fewer.
    """
    if len(claims) != num_calls or any(len(each) != len(outputs) for each in claims):
        found = [len(each) for each in claims[:5]]
        raise ProtocolError(f"{len(claims)} results, of {found} tensors, for {num_calls} calls of {len(outputs)}")


def _extent_bytes(claim: list[int], layout: Buffer) -> int:
    """Bytes from a claim's first element to the end of its last, by its strides.

    Raises:
        ProtocolError: the claim has another form, or goes over much more than a result needs (`arena.is_readable`).
    """
    if len(claim) != 1 + len(layout.shape) or min(claim[1:], default=0) < 0:
        raise ProtocolError(f"a result at {claim}"[:200])
    if 0 in layout.shape:
        return 0
    item_bytes = getattr(torch, layout.dtype).itemsize
    extent = 1 + sum((size - 1) * stride for size, stride in zip(layout.shape, claim[1:], strict=True))
    if extent * item_bytes > 2 * layout.slot_bytes + 4096 * item_bytes:
        raise ProtocolError(f"a result at {claim}, over {extent} elements"[:200])
    return extent * item_bytes
