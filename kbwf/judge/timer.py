"""How fast one kernel is beside its reference: as many blocks of timed requests as its plan wants."""

import time

from kbwf.judge.candidate import Rejected
from kbwf.judge.card import Reading, summary
from kbwf.judge.clock import Clock
from kbwf.judge.measurement import (
    MIN_REQUEST_MS,
    NUM_SINGLE_BLOCKS,
    PLANS,
    Block,
    bounded_by_single_calls,
    calls_of,
    summarize,
    wants_another_block,
    with_blocks_for,
)
from kbwf.judge.requests import Requests
from kbwf.judge.secret import CHOICE
from kbwf.judge.sides import Sides
from kbwf.records import EvalStatus, Timing
from kbwf.sandbox.messages import Run
from kbwf.settings import EvaluationSettings

_NUM_WARMUP_CALLS = 3
_NUM_EMPTY_REQUESTS = 5
_NUM_TIMING_ATTEMPTS = 3
_GRAPH_BELOW_MS = 1.0
"""Calls shorter than this, with their launches, are captured as CUDA graphs: what is launched may be a tenth of it."""
_MIN_GRAPH_MS = 4.0
_GRAPH_GAIN = 5.0
"""How much shorter a call in a graph may be, roughly: so many more of them a replay holds."""


class Timer:
    """Times a candidate that has passed its correctness trials."""

    def __init__(self, sides: Sides, clock: Clock, settings: EvaluationSettings) -> None:
        self._sides, self._clock, self._settings = sides, clock, settings
        self._requests = Requests(sides)
        self._plan = PLANS[settings.mode]
        self._readings: list[Reading] = []
        self._num_repeated = self._num_throttled = 0
        """Blocks that were timed again, and that count although the card was throttled."""

    def run(self) -> Timing:
        """Timed requests: the reference first, then the candidate, and the other way round on other inputs.

        Where a call is so short that launching it is what takes time, both are also captured as CUDA graphs, if both
        can be; then the speedup is that of the graphs, and the one without them stands beside it.

        Raises:
            Rejected: a result is wrong, or was not there when the clock stopped.
        """
        timing = self._timed()
        clock_mhz, held_back_by = summary(self._readings)
        return timing.model_copy(
            update={
                "clock_mhz": clock_mhz,
                "held_back_by": held_back_by,
                "num_repeated_blocks": self._num_repeated,
                "num_throttled_blocks": self._num_throttled,
            }
        )

    def _timed(self) -> Timing:
        bench, requests = self._sides.bench, self._requests
        slots = list(range(min(_NUM_WARMUP_CALLS, bench.inputs.num_slots)))
        num_warmups = -(-_NUM_WARMUP_CALLS // len(slots))
        warmup_ms = min(requests.pair(Run(slots=slots), is_reference_first=True)[0] for _ in range(num_warmups))
        empty_ms = min(requests.wake(is_reference_first=True) for _ in range(_NUM_EMPTY_REQUESTS))
        call_ms = max(0.0, warmup_ms - empty_ms) / len(slots)
        launched = self._bounded(self._measured(call_ms, graph_slots=None), None)
        if not bench.has_graphs or launched.ref_runtime_ms >= _GRAPH_BELOW_MS:
            return launched
        graph_slots = self._captured(launched.ref_runtime_ms)  # where that fails, no other request may follow
        if graph_slots is None:
            return launched
        replayed = self._bounded(self._measured(launched.ref_runtime_ms, graph_slots), graph_slots)
        beside = {"launched_runtime_ms": launched.runtime_ms, "launched_speedup": launched.speedup}
        return replayed.model_copy(update=beside)

    def _bounded(self, timing: Timing, graph_slots: list[int] | None) -> Timing:
        """The timing, held to account by requests of one call where its own had several."""
        if timing.num_perf_trials == 2 * timing.num_blocks:
            return timing
        if graph_slots is not None and not self._capture(graph_slots := graph_slots[:1]):
            return timing
        return bounded_by_single_calls(
            timing, [self._steady_block(1, graph_slots)[0] for _ in range(NUM_SINGLE_BLOCKS)]
        )

    def _measured(self, call_ms: float, graph_slots: list[int] | None) -> Timing:
        """Blocks of pairs until there are enough.

        Args:
            call_ms: how long one call takes, roughly.
            graph_slots: the slots that were captured, in their order; None launches each call.
        """
        settings, num_slots = self._settings, self._sides.bench.inputs.num_slots
        for attempt in range(_NUM_TIMING_ATTEMPTS):
            # A busy machine's empty request may take as long as a short one of calls: the next are longer.
            num_calls = calls_of(MIN_REQUEST_MS[settings.mode] * 4**attempt, call_ms, num_slots)
            num_calls = len(graph_slots) if graph_slots is not None else num_calls
            plan = with_blocks_for(self._plan, num_calls)
            empty_ms: list[float] = []
            blocks: list[Block] = []
            started_s = time.monotonic()
            while wants_another_block(
                blocks,
                plan,
                min(empty_ms, default=0.0),
                settings.target_interval_frac,
                settings.budget_s,
                time.monotonic() - started_s,
            ):
                block, emptied_ms = self._steady_block(num_calls, graph_slots)
                blocks.append(block)
                empty_ms += emptied_ms
            timing = summarize(blocks, min(empty_ms))
            if timing is not None:
                return timing
        raise Rejected(EvalStatus.FLAGGED, "its requests take no longer than empty ones")

    def _steady_block(self, num_calls: int, graph_slots: list[int] | None) -> tuple[Block, list[float]]:
        """A block around which nothing throttled the card, if there is one: as many are given up as the plan has.

        A card that is throttled all the time is measured as it is.
        """
        while True:
            around = self._clock.look()
            block = self._requests.block(num_calls, graph_slots)
            around += self._clock.look()
            self._readings += around
            if not any(reading.is_throttled for reading in around):
                return block
            if self._num_repeated >= self._plan.num_blocks:
                self._num_throttled += 1
                return block
            self._num_repeated += 1

    def _captured(self, call_ms: float) -> list[int] | None:
        """Slots, in random order, whose calls both programs have captured; None if one of them cannot be."""
        num_slots = self._sides.bench.inputs.num_slots
        num_calls = calls_of(_MIN_GRAPH_MS, call_ms / _GRAPH_GAIN, num_slots)
        slots = CHOICE.sample(range(num_slots), num_calls)
        return slots if self._capture(slots) else None

    def _capture(self, slots: list[int]) -> bool:
        """Whether both programs have captured a call for each of these slots.

        That a program cannot be captured (it synchronises, or its shapes depend on values) is no fault of it.
        """
        return self._sides.reference.capture(slots) and self._sides.candidate.capture(slots)
