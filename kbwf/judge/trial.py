"""One kernel against one bench: check it, time it. What it does wrong ends the trial with a status."""

import time
from collections.abc import Iterable, Sequence

import torch

from kbwf.errors import InfrastructureError
from kbwf.judge.bench import Bench, Unfit
from kbwf.judge.candidate import Candidate, Rejected
from kbwf.judge.card import Reading, summary
from kbwf.judge.clock import Clock
from kbwf.judge.filling import Filling
from kbwf.judge.inputs import fingerprint, probes_of
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
from kbwf.judge.results import Claims
from kbwf.judge.secret import CHOICE
from kbwf.records import EvalStatus, Timing, Verdict
from kbwf.sandbox.messages import Run
from kbwf.settings import EvaluationSettings
from kbwf.verdict.comparison import Comparison, compare_all
from kbwf.verdict.tolerance import RefError, official_tolerance
from kbwf.verdict.variations import Draw

_NUM_WARMUP_CALLS = 3
_NUM_EMPTY_REQUESTS = 5
_NUM_TIMING_ATTEMPTS = 3
_GRAPH_BELOW_MS = 1.0
"""Calls shorter than this, with their launches, are captured as CUDA graphs: what is launched may be a tenth of it."""
_MIN_GRAPH_MS = 4.0
_GRAPH_GAIN = 5.0
"""How much shorter a call in a graph may be, roughly: so many more of them a replay holds."""


class Trial:
    """What a loaded candidate goes through."""

    def __init__(self, bench: Bench, candidate: Candidate, clock: Clock, settings: EvaluationSettings) -> None:
        self._bench, self._candidate, self._clock, self._settings = bench, candidate, clock, settings
        self._plan = PLANS[settings.mode]
        self._rules = bench.description.yardstick
        self._official_errors: list[float] = []
        self._hardened_errors: list[float] = []
        """Largest errors in the trials that were right by either rule."""
        self._num_unfit = 0
        """Varied inputs that the reference could not take."""
        self._readings: list[Reading] = []
        self._num_repeated = self._num_throttled = 0
        """Blocks that were timed again, and that count although the card was throttled."""

    @property
    def official(self) -> Verdict:
        """What the trials on the task's own inputs say by KernelBench's rule."""
        layouts = self._bench.description.outputs
        tolerance = max(official_tolerance(getattr(torch, each.dtype)) for each in layouts)
        return _verdict(self._plan.num_correct_trials, self._official_errors, tolerance)

    @property
    def hardened(self) -> Verdict:
        """What all trials say by the hardened rule."""
        num_trials = self._plan.num_correct_trials + len(self._rules.errors) - self._num_unfit
        return _verdict(num_trials, self._hardened_errors, None)

    def check(self) -> None:
        """The correctness trials, each with fresh secret inputs: as the task draws them, then as it admits them.

        Whether a task admits a kind was tried out on a few draws: one that the reference cannot take after all, since
        its result's shape depends on values perhaps, is left out.

        Raises:
            Rejected: a result is wrong.
            InfrastructureError: the reference failed on inputs that the task draws itself.
        """
        for kinds in ([None] * self._plan.num_correct_trials, list(self._rules.errors)):
            for start in range(0, len(kinds), self._bench.num_slots):
                batch = kinds[start : start + self._bench.num_slots]
                while batch:
                    try:
                        self._check(batch)
                        break
                    except Unfit as unfit:
                        if batch.pop(unfit.call) is None:
                            raise InfrastructureError(f"{self._bench.task.task_id}: {unfit}") from unfit
                        self._num_unfit += 1

    def time(self) -> Timing:
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
        slots = list(range(min(_NUM_WARMUP_CALLS, self._bench.num_slots)))
        num_warmups = -(-_NUM_WARMUP_CALLS // len(slots))
        warmup_ms = min(self._pair(Run(slots=slots), is_reference_first=True)[0] for _ in range(num_warmups))
        empty_ms = min(self._wake(is_reference_first=True) for _ in range(_NUM_EMPTY_REQUESTS))
        call_ms = max(0.0, warmup_ms - empty_ms) / len(slots)
        launched = self._bounded(self._measured(call_ms, graph_slots=None), None)
        if not self._bench.has_graphs or launched.ref_runtime_ms >= _GRAPH_BELOW_MS:
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
        settings, num_slots = self._settings, self._bench.num_slots
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
            block = self._block(num_calls, graph_slots)
            around += self._clock.look()
            self._readings += around
            if not any(reading.is_throttled for reading in around):
                return block
            if self._num_repeated >= self._plan.num_blocks:
                self._num_throttled += 1
                return block
            self._num_repeated += 1

    def _block(self, num_calls: int, graph_slots: list[int] | None) -> tuple[Block, list[float]]:
        """Two pairs of requests, and the milliseconds of the reference's empty ones before them."""
        bench = self._bench
        pairs, empty_ms = [], []
        for is_reference_first in (True, False):
            empty_ms.append(self._wake(is_reference_first=is_reference_first))
            slots = CHOICE.sample(range(bench.num_slots), num_calls) if graph_slots is None else graph_slots
            request = Run(slots=slots, with_graph=graph_slots is not None)
            pairs.append(self._pair(request, is_reference_first=is_reference_first))
        (first_ref_ms, first_own_ms), (second_ref_ms, second_own_ms) = pairs
        return Block((first_ref_ms, second_ref_ms), (first_own_ms, second_own_ms), num_calls), empty_ms

    def _captured(self, call_ms: float) -> list[int] | None:
        """Slots, in random order, whose calls both programs have captured; None if one of them cannot be."""
        bench = self._bench
        num_calls = calls_of(_MIN_GRAPH_MS, call_ms / _GRAPH_GAIN, bench.num_slots)
        slots = CHOICE.sample(range(bench.num_slots), num_calls)
        return slots if self._capture(slots) else None

    def _capture(self, slots: list[int]) -> bool:
        """Whether both programs have captured a call for each of these slots.

        That a program cannot be captured (it synchronises, or its shapes depend on values) is no fault of it.
        """
        return self._bench.capture_reference(slots) and self._candidate.capture(slots)

    def _check(self, kinds: Sequence[Draw | None]) -> None:
        """A call for each kind of input; None is the task's own."""
        bench = self._bench
        slots = CHOICE.sample(range(bench.num_slots), len(kinds))
        inputs = Filling(bench, slots, kinds, is_official=None in kinds)
        values = inputs.make()
        expected = bench.run_reference(slots, values)
        if bench.description.changes_inputs:
            inputs.make()
        before = [fingerprint(ring, slots) for ring in bench.inputs]
        claims = self._candidate.run(Run(slots=slots, values=values))
        is_changed = before != [fingerprint(ring, slots) for ring in bench.inputs]
        bench.spoil(slots)
        ref_errors = [self._rules.official if kind is None else self._rules.errors[kind] for kind in kinds]
        for kind, compared in zip(kinds, self._compare(claims, expected, ref_errors), strict=True):
            largest = max((each.max_abs_error for each in compared), default=0.0)
            official = _failure(each.official_failure for each in compared)
            hardened = _failure(map(_hardened, compared))
            if kind is None and not official:
                self._official_errors.append(largest)
            if not hardened:
                self._hardened_errors.append(largest)
            official = "" if kind is not None or self._rules.own_failure else official
            if official or hardened:
                where = "" if kind is None else f"on {kind} inputs: ".replace("_", " ")
                without = "" if bench.description.may_use_tf32 else "; TF32 is off: it would hide this task's result"
                raise Rejected(EvalStatus.WRONG_VALUES, where + (official or hardened) + without)
        if is_changed and not bench.description.changes_inputs:
            raise Rejected(EvalStatus.INPUT_CHANGED, "an input was changed in place")

    def _compare(self, claims: Claims, expected: Claims, ref_errors: Sequence[RefError]) -> list[list[Comparison]]:
        """For each call, and each tensor of its result."""
        found_C_L = [self._candidate.results(claims, call) for call in range(len(ref_errors))]
        wanted_C_L = [self._bench.expected(expected, call) for call in range(len(ref_errors))]
        pairs_C_L = [list(zip(*each, strict=True)) for each in zip(found_C_L, wanted_C_L, strict=True)]
        compared_L_C = [compare_all(pairs_C, ref_errors) for pairs_C in zip(*pairs_C_L, strict=True)]
        return [list(each) for each in zip(*compared_L_C, strict=True)]

    def _pair(self, request: Run, *, is_reference_first: bool) -> tuple[float, float]:
        """Milliseconds of a request of the reference and of the candidate, on the same new inputs.

        Each has the inputs drawn for it, whatever the other did to them; and so both have waited equally long.
        """
        bench, slots = self._bench, request.slots
        inputs = Filling(bench, slots, [None] * len(slots), is_official=False)
        request = request.model_copy(update={"values": inputs.make()})
        for is_reference in (is_reference_first, not is_reference_first):
            if is_reference != is_reference_first:
                inputs.make()
            seen = [probes_of(ring, slots) for ring in bench.inputs]
            if is_reference:
                ref_ms, expected = bench.time_reference(self._clock, request)
                continue
            own_ms, claims, probes, found = self._candidate.time(request)
            if not bench.description.changes_inputs and not all(each.are_unchanged() for each in seen):
                raise Rejected(EvalStatus.INPUT_CHANGED, "an input was changed in place, in a timed call")
        bench.spoil(slots)
        for compared in self._compare(claims, expected, [self._rules.official] * len(slots)):
            if failure := _failure(map(_hardened, compared)):
                raise Rejected(EvalStatus.WRONG_VALUES, f"in a timed call: {failure}")
        if not all(map(_is_identical, found, self._candidate.probed(claims, probes))):
            raise Rejected(EvalStatus.FLAGGED, "a result was not there yet when the kernel's process said so")
        return ref_ms, own_ms

    def _wake(self, *, is_reference_first: bool) -> float:
        """A request without any call to both, in the order opposite to the pair's that follows.

        After 20 ms of sleep a process answers a quarter of a millisecond later than after none: whoever is first in a
        pair was the last to be awake. Returns the reference's milliseconds; the candidate's are not asked, since it
        could make itself slow here.
        """
        bench, empty = self._bench, Run(slots=[])
        ref_ms = 0.0
        for is_reference in (not is_reference_first, is_reference_first):
            if is_reference:
                ref_ms = bench.time_reference(self._clock, empty)[0]
            else:
                self._candidate.run(empty)
        return ref_ms


def _verdict(num_trials: int, errors: list[float], tolerance: float | None) -> Verdict:
    return Verdict(
        is_correct=len(errors) == num_trials,
        num_trials=num_trials,
        num_trials_correct=len(errors),
        max_abs_error=max(errors, default=None),
        tolerance=tolerance,
    )


def _failure(texts: Iterable[str]) -> str:
    return next(filter(None, texts), "")


def _hardened(compared: Comparison) -> str:
    return compared.hardened_failure


def _is_identical(first: torch.Tensor, second: torch.Tensor) -> bool:
    """Bit by bit, so that NaN equals itself."""
    return torch.equal(first.view(torch.uint8), second.view(torch.uint8))
