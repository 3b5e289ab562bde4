"""The judge's clock: from the moment a frozen runner may go on until it has answered and what it answered was read.

What a runner says of time is not asked. Its inputs are new and were written while it stood still; when it says that it
is done, elements of its outputs, at places it cannot know, are compared before the clock stops. All outputs are
compared after that. What a request costs besides the calls (waking up, two messages, the probes) is measured with the
reference, never with the candidate, which could make itself slow where that pays.
"""

import contextlib
import time
from typing import Any

import torch

from kbwf.judge.card import Reading, card_of
from kbwf.judge.processes import RunnerProcess
from kbwf.judge.results import Claims, Probes, Results, check_claims, choose_probes
from kbwf.sandbox import messages
from kbwf.sandbox.buffers import reset_persisting_cache
from kbwf.sandbox.channel import Closed
from kbwf.sandbox.messages import Buffer, Done, Failed, Misfit, Run

_NUM_PROBES = 1024
_NUM_PROBES_CPU = 64
"""Elements that are read before the clock stops, over all calls of a request; on the CPU each is a system call."""
_FLUSH_BYTES = 256 << 20
_FLUSH_BYTES_CPU = 64 << 20
"""More than the last-level cache of any GPU we know; written before each request, so that each starts cold."""


class Clock:
    """Times requests of runners on one device."""

    def __init__(self, device: torch.device) -> None:
        self._device = device
        num_bytes = _FLUSH_BYTES if device.type == "cuda" else _FLUSH_BYTES_CPU
        self._num_probes = _NUM_PROBES if device.type == "cuda" else _NUM_PROBES_CPU
        self._flushed = torch.empty(num_bytes, dtype=torch.uint8, device=device)
        self._card = card_of(device)

    def look(self) -> list[Reading]:
        """What the card's clocks are at, in a list of one; an empty one where nobody knows."""
        return self._card.look() if self._card is not None else []

    def time(
        self,
        runner: RunnerProcess,
        request: Run,
        results: Results,
        outputs: list[Buffer],
        last_claims: Claims | None = None,
    ) -> tuple[float, Done | Misfit | Failed, Probes, list[torch.Tensor]]:
        """Milliseconds of a request, its answer, and elements of its results as they were when the clock stopped.

        The runner is frozen before and after. An empty request measures what a request costs without any call.

        Args:
            results: reads this runner's results.
            outputs: what they look like.
            last_claims: where results of an earlier request still lie, which are read where this one is empty.

        Raises:
            TimeoutError, Closed, ProtocolError: as in `RunnerProcess.ask_frozen`, and for results that cannot be read.
        """
        frame = messages.encode(request)
        probes = choose_probes(outputs, len(request.slots or last_claims or ()), self._num_probes)
        self._settle()
        found: list[torch.Tensor] = []
        started_ns = time.perf_counter_ns()
        try:
            answer: Any = runner.ask_frozen(frame, Done, Misfit)
            if isinstance(answer, Done):
                check_claims(answer.results, outputs, len(request.slots))
                if claims := answer.results or last_claims:
                    found = results.probe(claims, probes)
            took_ns = time.perf_counter_ns() - started_ns
        except BaseException:
            with contextlib.suppress(Closed):  # it may have ended, which is not the reason
                runner.freeze()
            raise
        runner.freeze()
        return took_ns / 1e6, answer, probes, found

    def _settle(self) -> None:
        """Nothing is under way, and no cache holds anything of use."""
        if self._device.type == "cuda":
            reset_persisting_cache()
        self._flushed.zero_()
        if self._device.type == "cuda":
            torch.cuda.synchronize(self._device)
