"""The judge's clock: from the moment a frozen runner may go on until it has answered and what it answered was read.

What a runner says of time is not asked. Its inputs are new and were written while it stood still; when it says that it
is done, elements of its outputs, at places it cannot know, are compared before the clock stops. All outputs are
compared after that. What a request costs besides the calls (waking up, two messages, the probes) is measured with the
reference, never with the candidate, which could make itself slow where that pays.
"""

import time
from dataclasses import dataclass
from typing import Any

import torch

from kbwf.judge.processes import RunnerProcess
from kbwf.judge.verdict import tolerance_of
from kbwf.sandbox import messages
from kbwf.sandbox.buffers import Ring, reset_persisting_cache
from kbwf.sandbox.messages import Done, Failed, Misfit, Run

_NUM_PROBES = 1024
"""Elements that are read before the clock stops, over all outputs of a request."""
_FLUSH_BYTES = 256 << 20
_FLUSH_BYTES_CPU = 64 << 20
"""More than the last-level cache of any GPU we know; written before each request, so that each starts cold."""


@dataclass(frozen=True)
class Probed:
    """Elements of one output leaf, as they were when the clock stopped."""

    places: torch.Tensor
    found: torch.Tensor

    def agrees_with(self, expected: Ring) -> bool:
        """Whether they are what is expected, within the official tolerance."""
        wanted = expected.memory.view(expected.tensors[0].dtype)[self.places]
        if not (wanted.is_floating_point() or wanted.is_complex()):
            return torch.equal(self.found, wanted)
        tolerance = tolerance_of(wanted.dtype)
        is_close = (self.found - wanted).abs() <= tolerance + tolerance * wanted.abs()
        return bool((is_close | (self.found == wanted) | (self.found.isnan() & wanted.isnan())).all())


class Clock:
    """Times requests of runners on one device."""

    def __init__(self, device: torch.device) -> None:
        self._device = device
        num_bytes = _FLUSH_BYTES if device.type == "cuda" else _FLUSH_BYTES_CPU
        self._flushed = torch.empty(num_bytes, dtype=torch.uint8, device=device)

    def time(
        self, runner: RunnerProcess, request: Run, outputs: list[Ring]
    ) -> tuple[float, Done | Misfit | Failed, list[Probed]]:
        """Milliseconds of a request, its answer, and what the outputs held when the clock stopped.

        The runner is frozen before and after. An empty request measures what a request costs without any call.

        Raises:
            TimeoutError, Closed, ProtocolError: as in `RunnerProcess.ask_frozen`.
        """
        frame = messages.encode(request)
        memories = [ring.memory.view(ring.tensors[0].dtype) for ring in outputs]
        places = [self._places(ring, request.slots or [0]) for ring in outputs]
        self._settle()
        started_ns = time.perf_counter_ns()
        answer: Any = runner.ask_frozen(frame, Done, Misfit)
        found = [memory[where] for memory, where in zip(memories, places, strict=True)]
        if self._device.type == "cuda":
            torch.cuda.synchronize(self._device)
        took_ns = time.perf_counter_ns() - started_ns
        runner.freeze()
        return took_ns / 1e6, answer, [Probed(*each) for each in zip(places, found, strict=True)]

    def _settle(self) -> None:
        """Nothing is under way, and no cache holds anything of use."""
        if self._device.type == "cuda":
            reset_persisting_cache()
        self._flushed.zero_()
        if self._device.type == "cuda":
            torch.cuda.synchronize(self._device)

    def _places(self, ring: Ring, slots: list[int]) -> torch.Tensor:
        """Random elements of these slots, as indices into the ring's memory."""
        num_elements = ring.tensors[0].numel()
        count = max(1, _NUM_PROBES // len(slots)) if num_elements else 0
        inside = torch.randint(max(1, num_elements), (len(slots), count), device=self._device)
        starts = torch.tensor(slots, device=self._device) * (ring.layout.slot_bytes // ring.tensors[0].element_size())
        return (inside + starts[:, None]).flatten()
