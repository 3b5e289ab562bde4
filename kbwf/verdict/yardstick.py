"""What is measured of a reference once per task and card, before any kernel is judged against it.

How far it is from float64 on each kind of draw, which draws it admits, and whether the official trials can tell
anything. On inputs it was not made for, a reference may raise or, on a GPU, bring its process down: measure where that
may happen.
"""

import itertools
import math
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

import torch

from kbwf.verdict.comparison import compare, ref_error_of
from kbwf.verdict.decidable import Measured, collapses, decides, measured_of
from kbwf.verdict.extent import Extent, extent_of
from kbwf.verdict.tolerance import EXACT, RefError, inner_abs, is_exact
from kbwf.verdict.truth import Forward
from kbwf.verdict.variations import DRAWS, Admits, Draw, map_tensors, tensors_of, vary_inputs


@dataclass(frozen=True)
class Yardstick:
    """What the trials of a task are judged by."""

    official: RefError
    """On official draws."""
    admits: Admits
    """What the task says, or what was tried out."""
    errors: dict[Draw, RefError]
    """The reference's error on each draw that decides something; a draw that is not here is not to be tried."""
    degenerate: tuple[str, ...]
    """Which of `zeros` and `constant` pass the official trials."""
    is_decidable: bool
    """False where on every draw the outputs are lost in the reference's own rounding: values decide nothing."""
    own_failure: str
    """Why the official rule refuses the reference itself, measured against float64; empty if it does not."""


def measure(
    reference: Forward,
    truth: Forward | None,
    draw_inputs: Callable[[int], list[Any]],
    admits: Admits | None,
    seed: int,
    num_draws: int = 2,
) -> Yardstick:
    """Everything about one reference.

    Args:
        reference: on the card that kernels are judged on.
        truth: the same in float64 (`in_float64`); None where that is impossible: the reference then counts as exact.
        draw_inputs: fresh official inputs from a seed, which may be changed in place.
        admits: what the task says it admits; None to try it out.
        seed: of this measurement alone; trials have secret ones.
        num_draws: how many of each kind; the largest error counts.

    Raises:
        TruthError: what the truth raises on official inputs.
        Exception: what the reference does.
    """
    bench = _Bench(reference, truth, draw_inputs, seed, num_draws)
    official, own_failure = EXACT, ""
    extents: dict[int, Extent] = {}
    is_decidable = True
    degenerate = {"zeros", "constant"}
    for inputs in bench.draws():
        outputs, others = bench.outputs(inputs), bench.outputs_otherwise(inputs)
        measured = [measured_of(output) for output in outputs]
        bench.official = bench.official or measured
        official = official.merge(RefError(num_terms=longest_sum(inputs, outputs)))
        for index, (output, true) in enumerate(zip(outputs, bench.truths(inputs, outputs), strict=True)):
            error, own = ref_error_of(output, true), measured[index]
            official, is_decidable = official.merge(error), is_decidable and decides(own, own, error, is_official=True)
            own_failure = own_failure or compare(output, true.to(output.dtype)).official_failure
            if others is not None:
                official = official.merge(ref_error_of(others[index], true))
                own_failure = own_failure or compare(others[index], output).official_failure
            extent = extent_of(output)
            extents[index] = extent.merge(extents.get(index, extent))
            degenerate &= set(extents[index].degenerate_answers(output.dtype))
    admits = bench.tried_out() if admits is None else admits
    terms = RefError(num_terms=official.num_terms)
    errors = {draw: found.merge(terms) for draw in DRAWS if (found := bench.error(draw, admits)) is not None}
    return Yardstick(official, admits, errors, tuple(sorted(degenerate)), is_decidable or bool(errors), own_failure)


def longest_sum(inputs: list[Any], outputs: list[torch.Tensor]) -> int:
    """How many terms a value of the outputs may add up, guessed from sizes.

    An input of a values reduced to c gives a / c, a product of a and b values that gives c gives sqrt(a b / c): K for
    matrices of M x K and K x N. Sums over parameters are not seen; those are rarely longer than any sum may be.
    """
    sizes = [tensor.numel() for tensor in tensors_of(inputs) if not is_exact(tensor.dtype)]
    products = [math.sqrt(first * second) for first, second in itertools.combinations(sizes, 2)]
    smallest = max(min((output.numel() for output in outputs), default=1), 1)
    return int(
        max([*(size / smallest for size in sizes), *(size / math.sqrt(smallest) for size in products)], default=0)
    )


class TruthError(Exception):
    """The reference in a longer dtype fails where it does not itself; the cause says how."""


class _Bench:
    """One reference to try draws on."""

    def __init__(
        self,
        reference: Forward,
        truth: Forward | None,
        draw_inputs: Callable[[int], list[Any]],
        seed: int,
        num_draws: int,
    ) -> None:
        self._reference, self._truth, self._draw_inputs = reference, truth, draw_inputs
        self._seeds = range(seed, seed + num_draws)
        self.official: list[Measured] = []
        """Of the outputs on the first official draw; the draws that follow are held against these."""

    def draws(self) -> Iterator[list[Any]]:
        """Official inputs of each seed."""
        return (self._draw_inputs(seed) for seed in self._seeds)

    def outputs(self, inputs: list[Any]) -> list[torch.Tensor]:
        with torch.no_grad():
            return list(tensors_of(self._reference(*inputs)))

    def outputs_otherwise(self, inputs: list[Any]) -> list[torch.Tensor] | None:
        """The same, of images whose channels lie together; None where there are none, or the program cannot take them.

        Torch's convolutions then take another way, on a GPU perhaps one that rounds to TF32, as a kernel's may.
        """
        relaid = map_tensors(_relaid, inputs)
        if all(map(torch.Tensor.is_set_to, tensors_of(relaid), tensors_of(inputs))):
            return None
        try:
            return self.outputs(relaid)
        except Exception:  # it may ask for one layout
            return None

    def truths(self, inputs: list[Any], outputs: list[torch.Tensor]) -> list[torch.Tensor]:
        if self._truth is None:
            return outputs
        try:
            with torch.no_grad():
                return list(tensors_of(self._truth(*inputs)))
        except Exception as error:
            raise TruthError from error

    def tried_out(self) -> Admits:
        """For each input the draws it may take part in: all inputs together if that is sound, else one by one."""
        inputs = self._draw_inputs(self._seeds[0])
        taking_part: dict[Draw, set[int]] = {}
        for draw in DRAWS:
            able = {i for i in range(len(inputs)) if vary_inputs(inputs, draw, _admits({draw: {i}}, len(inputs)), 0)}
            if self.error(draw, _admits({draw: able}, len(inputs))) is None:
                chosen: set[int] = set()
                for index in sorted(able):
                    if self.error(draw, _admits({draw: chosen | {index}}, len(inputs))) is not None:
                        chosen.add(index)
                able = chosen
            taking_part[draw] = able
        return _admits(taking_part, len(inputs))

    def error(self, draw: Draw, admits: Admits) -> RefError | None:
        """The reference's largest error on such draws; None where they decide nothing."""
        largest = EXACT
        for seed, inputs in zip(self._seeds, self.draws(), strict=True):
            try:
                if not vary_inputs(inputs, draw, admits, seed):
                    return None
                outputs = self.outputs(inputs)
                truths = self.truths(inputs, outputs)
            except Exception:  # whatever a program raises on what it was not made for
                return None
            errors = [ref_error_of(output, true) for output, true in zip(outputs, truths, strict=True)]
            others = self.outputs_otherwise(inputs)
            if others is not None:
                errors += [ref_error_of(output, true) for output, true in zip(others, truths, strict=True)]
                outputs = [*outputs, *others]
            officials = self.official * (len(outputs) // len(self.official) or 1)
            found = [measured_of(output) for output in outputs]
            if any(map(collapses, found, officials)) or not all(map(decides, found, officials, errors)):
                return None
            for error in (*errors, *map(_inner_error_of, self.official)):
                largest = largest.merge(error)
        return largest


def _relaid(tensor: torch.Tensor) -> torch.Tensor:
    formats = {4: torch.channels_last, 5: torch.channels_last_3d}
    if is_exact(tensor.dtype) or tensor.ndim not in formats:
        return tensor
    return tensor.contiguous(memory_format=formats[tensor.ndim])


def _inner_error_of(official: Measured) -> RefError:
    """What a right program may lose by rounding values of the official output's size, whatever the draw."""
    return EXACT if is_exact(official.dtype) else RefError(inner_abs=inner_abs(official.dtype, official.scale))


def _admits(taking_part: dict[Draw, set[int]], num_inputs: int) -> Admits:
    return tuple(
        tuple(draw for draw, indices in taking_part.items() if index in indices) for index in range(num_inputs)
    )
