"""Timed requests of both sides on the same new inputs, and what their results must be."""

import torch

from kbwf.judge.candidate import Rejected
from kbwf.judge.filling import Filling
from kbwf.judge.inputs import probes_of
from kbwf.judge.measurement import Block
from kbwf.judge.secret import CHOICE
from kbwf.judge.sides import Sides, hardened_failure
from kbwf.records import EvalStatus
from kbwf.sandbox.messages import Run


class Requests:
    """Asks reference and candidate in turn, under the clock."""

    def __init__(self, sides: Sides) -> None:
        self._sides = sides

    def block(self, num_calls: int, graph_slots: list[int] | None) -> tuple[Block, list[float]]:
        """Two pairs of requests, and the milliseconds of the reference's empty ones before them.

        Args:
            graph_slots: the slots that were captured, in their order; None launches each call, in any slots.

        Raises:
            Rejected: as `pair`.
        """
        num_slots = self._sides.bench.inputs.num_slots
        pairs, empty_ms = [], []
        for is_reference_first in (True, False):
            empty_ms.append(self.wake(is_reference_first=is_reference_first))
            slots = CHOICE.sample(range(num_slots), num_calls) if graph_slots is None else graph_slots
            request = Run(slots=slots, with_graph=graph_slots is not None)
            pairs.append(self.pair(request, is_reference_first=is_reference_first))
        (first_ref_ms, first_own_ms), (second_ref_ms, second_own_ms) = pairs
        return Block((first_ref_ms, second_ref_ms), (first_own_ms, second_own_ms), num_calls), empty_ms

    def pair(self, request: Run, *, is_reference_first: bool) -> tuple[float, float]:
        """Milliseconds of a request of the reference and of the candidate, on the same new inputs.

        Each has the inputs drawn for it, whatever the other did to them; and so both have waited equally long.

        Raises:
            Rejected: a result is wrong, or was not there when the clock stopped.
            InfrastructureError: the reference is gone or failed.
        """
        bench, candidate, slots = self._sides.bench, self._sides.candidate, request.slots
        filling = Filling(bench.inputs, slots, [None] * len(slots), is_official=False)
        request = request.model_copy(update={"values": filling.make()})
        for is_reference in (is_reference_first, not is_reference_first):
            if is_reference != is_reference_first:
                filling.make()
            seen = [probes_of(ring, slots) for ring in bench.inputs.rings]
            if is_reference:
                ref_ms, expected = self._sides.reference.time(request)
                continue
            own_ms, claims, probes, found = candidate.time(request)
            if not bench.description.changes_inputs and not all(each.are_unchanged() for each in seen):
                raise Rejected(EvalStatus.INPUT_CHANGED, "an input was changed in place, in a timed call")
        bench.inputs.spoil(slots)
        ref_errors = [bench.description.yardstick.official] * len(slots)
        for compared in self._sides.compare(claims, expected, ref_errors):
            if failure := hardened_failure(compared):
                raise Rejected(EvalStatus.WRONG_VALUES, f"in a timed call: {failure}")
        if not all(map(_is_identical, found, candidate.probed(claims, probes))):
            raise Rejected(EvalStatus.FLAGGED, "a result was not there yet when the kernel's process said so")
        return ref_ms, own_ms

    def wake(self, *, is_reference_first: bool) -> float:
        """A request without any call to both, in the order opposite to the pair's that follows.

        After 20 ms of sleep a process answers a quarter of a millisecond later than after none: whoever is first in a
        pair was the last to be awake. Returns the reference's milliseconds; the candidate's are not asked, since it
        could make itself slow here.
        """
        ref_ms, empty = 0.0, Run(slots=[])
        for is_reference in (not is_reference_first, is_reference_first):
            if is_reference:
                ref_ms = self._sides.reference.time(empty)[0]
            else:
                self._sides.candidate.run(empty)
        return ref_ms


def _is_identical(first: torch.Tensor, second: torch.Tensor) -> bool:
    """Bit by bit, so that NaN equals itself."""
    return torch.equal(first.view(torch.uint8), second.view(torch.uint8))
