"""The judge's look at a runner's results, where they lie. What the runner says of the place is checked."""

import os
from dataclasses import dataclass
from typing import Protocol

import torch

from kbwf.sandbox.buffers import Ring
from kbwf.sandbox.channel import ProtocolError
from kbwf.sandbox.messages import Buffer

Claims = list[list[list[int]]]
"""For each call, for each tensor: offset or address, then strides."""


@dataclass(frozen=True)
class Probes:
    """Random elements of the results of a request, chosen before the clock starts. C: calls, N: elements of a call.

    One entry for each tensor of a result: coordinates of shape [C, N, number of dimensions].
    """

    coordinates_L_C_N_D: list[torch.Tensor]


def choose_probes(outputs: list[Buffer], num_calls: int, num_probes: int, device: torch.device) -> Probes:
    """So many elements over all calls."""
    count = max(1, num_probes // max(1, num_calls))
    return Probes(
        [
            torch.stack(
                [torch.randint(max(1, size), (num_calls, count), device=device) for size in layout.shape]
                or [torch.zeros((num_calls, count), dtype=torch.int64, device=device)],
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
            for claim in claims:
                _check(claim[position], layout, self._memory.numel())
            table = torch.tensor([claim[position] for claim in claims], device=self._memory.device)
            strides = table[:, 1:] if layout.shape else torch.zeros_like(table[:, :1])
            places = (coordinates * strides[:, None, :]).sum(dim=-1) + (table[:, :1] // dtype.itemsize)
            found.append(self._memory.view(dtype)[places.flatten()])
        torch.cuda.synchronize(self._memory.device)
        return found

    def tensor(self, claim: list[int], layout: Buffer) -> torch.Tensor:
        """See `Results`: a view."""
        _check(claim, layout, self._memory.numel())
        dtype = getattr(torch, layout.dtype)
        return self._memory.view(dtype).as_strided(layout.shape, claim[1:], claim[0] // dtype.itemsize)


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
            parts = []
            for claim, chosen in zip(claims, coordinates.tolist(), strict=True):
                address, *strides = claim[position]
                _check([0, *strides], layout, 1 << 47)
                for place in chosen:
                    offset = sum(one * stride for one, stride in zip(place, strides, strict=False)) * dtype.itemsize
                    parts.append(self._read(address + offset, dtype.itemsize))
            found.append(torch.frombuffer(bytearray(b"".join(parts)), dtype=dtype))
        return found

    def tensor(self, claim: list[int], layout: Buffer) -> torch.Tensor:
        """See `Results`: a copy."""
        address, *strides = claim
        dtype = getattr(torch, layout.dtype)
        num_bytes = _check([0, *strides], layout, 1 << 47)
        if not num_bytes:
            return torch.empty(layout.shape, dtype=dtype)
        return torch.frombuffer(bytearray(self._read(address, num_bytes)), dtype=dtype).as_strided(
            layout.shape, strides
        )

    def _read(self, address: int, num_bytes: int) -> bytes:
        parts = bytearray()
        try:
            while len(parts) < num_bytes:
                part = os.pread(self._descriptor, num_bytes - len(parts), address + len(parts))
                if not part:
                    raise OSError
                parts += part
        except (OSError, OverflowError, ValueError) as error:
            raise ProtocolError(f"a result at {address:#x}, where nothing can be read") from error
        return bytes(parts)


def _check(claim: list[int], layout: Buffer, num_bytes: int) -> int:
    """Bytes from the claim's start to its end, which must lie within so many.

    Raises:
        ProtocolError: they do not, or the claim has another form.
    """
    offset, *strides = claim
    item_bytes = getattr(torch, layout.dtype).itemsize
    if len(strides) != len(layout.shape) or min(claim) < 0 or max(claim) > 1 << 47 or offset % item_bytes:
        raise ProtocolError(f"a result at {claim}")
    if 0 in layout.shape:
        return 0
    extent = 1 + sum((size - 1) * stride for size, stride in zip(layout.shape, strides, strict=True))
    if offset + extent * item_bytes > num_bytes or extent > 2 * layout.slot_bytes + 8192:
        raise ProtocolError(f"a result at {claim}, which does not fit")
    return extent * item_bytes
