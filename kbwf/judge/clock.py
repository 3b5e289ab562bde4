"""The judge's clock: from the moment a frozen runner may go on until it has answered and what it answered was read.

What a runner says of time is not asked. Its inputs are new and were written while it stood still; when it says that it
is done, elements of its outputs, at places it cannot know, are compared before the clock stops. All outputs are
compared after that. What a request costs besides the calls (waking up, two messages, the probes) is measured with the
reference, never with the candidate, which could make itself slow where that pays.
"""

import time
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


class Clock:
    """Times requests of runners on one device."""

    def __init__(self, device: torch.device) -> None:
        self._device = device
        num_bytes = _FLUSH_BYTES if device.type == "cuda" else _FLUSH_BYTES_CPU
        self._flushed = torch.empty(num_bytes, dtype=torch.uint8, device=device)

    def time(
        self, runner: RunnerProcess, request: Run, outputs: list[Ring], expected: list[Ring]
    ) -> tuple[float, Done | Misfit | Failed, bool]:
        """Milliseconds of a request, its answer, and whether the probes were right when the clock stopped.

        The runner is frozen before and after. An empty request measures what a request costs without any call.

        Raises:
            TimeoutError, Closed, ProtocolError: as in `RunnerProcess.ask_frozen`.
        """
        frame = messages.encode(request)
        probes = self._probes(request.slots or [0], outputs, expected)
        self._settle()
        started_ns = time.perf_counter_ns()
        answer: Any = runner.ask_frozen(frame, Done, Misfit)
        is_right = all(self._is_right(*probe) for probe in probes)
        took_ns = time.perf_counter_ns() - started_ns
        runner.freeze()
        return took_ns / 1e6, answer, is_right or not request.slots

    def _settle(self) -> None:
        """Nothing is under way, and the GPU's cache holds nothing of use."""
        if self._device.type == "cuda":
            reset_persisting_cache()
        self._flushed.zero_()
        if self._device.type == "cuda":
            torch.cuda.synchronize(self._device)

    def _probes(
        self, slots: list[int], outputs: list[Ring], expected: list[Ring]
    ) -> list[tuple[torch.Tensor, torch.Tensor, torch.Tensor]]:
        """For each leaf: its memory, places in it, and what will be there."""
        probes = []
        for ring, wanted in zip(outputs, expected, strict=True):
            num_elements = ring.tensors[0].numel()
            if not num_elements:
                continue
            item_bytes = ring.tensors[0].element_size()
            count = max(1, _NUM_PROBES // len(slots))
            inside = torch.randint(num_elements, (len(slots), count), device=self._device)
            starts = torch.tensor(slots, device=self._device) * (ring.layout.slot_bytes // item_bytes)
            places = (inside + starts[:, None]).flatten()
            memory = ring.memory.view(ring.tensors[0].dtype)
            probes.append((memory, places, wanted.memory.view(ring.tensors[0].dtype)[places]))
        return probes

    @staticmethod
    def _is_right(memory: torch.Tensor, places: torch.Tensor, wanted: torch.Tensor) -> bool:
        found = memory[places]
        if not (wanted.is_floating_point() or wanted.is_complex()):
            return torch.equal(found, wanted)
        tolerance = tolerance_of(wanted.dtype)
        is_close = (found - wanted).abs() <= tolerance + tolerance * wanted.abs()
        return bool((is_close | (found == wanted) | (found.isnan() & wanted.isnan())).all())
