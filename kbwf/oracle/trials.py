"""One task's trials, and what becomes of a kernel in them under either rule.

Official: `NUM_OFFICIAL` draws as the task makes them, KernelBench's rule. Hardened: the same draws, one of each kind
that the task admits, and one with other weights, all under the hardened rule. A kernel is *equivalent* if in float64 it
says the same as the reference in every one of these trials, and on inputs that lie further out than theirs.
"""

import functools
import itertools
import math
import types
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from typing import Any

import torch

from kbwf.oracle.results import Outcome
from kbwf.sandbox.problem import build_model, draw_inputs, load_module
from kbwf.verdict.comparison import compare, ref_error_of
from kbwf.verdict.decidable import decides, measured_of
from kbwf.verdict.scales import scale_of
from kbwf.verdict.tolerance import EXACT, RefError, Scale
from kbwf.verdict.truth import in_float64
from kbwf.verdict.variations import Admits, map_tensors, tensors_of, vary_inputs, vary_weights
from kbwf.verdict.yardstick import measure

NUM_OFFICIAL = 5
"""KernelBench's number of correctness trials."""
EQUIVALENT_FRAC = 1e-10
"""Of the output's spread; float64's rounding is a million times below it, float32's a thousand times above."""
_SEEDS_APART = 1000
"""Between those of measurement and those of trials."""
_NUM_REPEATS = 6
"""Of a variation, to get further out than a trial's inputs: factors up to 2^30, shifts of many standard deviations."""
_CPU = torch.device("cpu")
_WEIGHTS_SEED = 42


@dataclass(frozen=True)
class _Trial:
    name: str
    inputs: list[Any]
    weights_seed: int | None
    expected: list[torch.Tensor]
    scales: list[Scale]
    truths: list[torch.Tensor]
    error: RefError


class Examiner:
    """One task, ready to have kernels examined, on the CPU.

    Args:
        reference_source: a problem in KernelBench's format.
        admits: what its inputs admit; None to try it out.
        seed: of all draws; the same seed gives the same outcomes.

    Raises:
        Exception: what the reference raises on its official inputs.
    """

    def __init__(self, reference_source: str, admits: Admits | None, seed: int) -> None:
        self._module = load_module(reference_source, "reference")
        model = self._model(self._module, "Model", None)
        truth = in_float64(model)
        self._has_truth = truth is not None
        self.yardstick = measure(model, truth, self._draw, admits, seed)
        self._seed = seed = seed + _SEEDS_APART
        official = self.yardstick.official
        self._trials = [self._trial("official", self._draw(seed + n), None, official) for n in range(NUM_OFFICIAL)]
        for draw, error in self.yardstick.errors.items():
            inputs = self._draw(seed)
            vary_inputs(inputs, draw, self.yardstick.admits, seed)
            self._trials.append(self._trial(draw, inputs, None, error))
        if vary_weights(model, seed):
            weights = self._trial("weights", self._draw(seed), seed, official)
            errors = [official, *map(ref_error_of, weights.expected, weights.truths)]
            largest = functools.reduce(RefError.merge, errors)
            pairs = zip(weights.expected, self._trials[0].expected, strict=True)
            if all(decides(measured_of(found), measured_of(known), largest) for found, known in pairs):
                self._trials.append(replace(weights, error=largest))

    @property
    def trial_names(self) -> tuple[str, ...]:
        """The trials that a kernel goes through, in order."""
        return tuple(trial.name for trial in self._trials)

    def examine(self, kernel_source: str) -> Outcome:
        """What becomes of a kernel; whatever it raises is part of that."""
        outcome = self.judge(kernel_source)
        if outcome.fate != "survived":
            return outcome
        within = self._difference_frac(kernel_source, self._trials)
        if within is None:
            return replace(outcome, reason="does not run in float64, so that nothing is known of it")
        if within > EQUIVALENT_FRAC:
            return replace(outcome, reason=f"differs by {within:.1e} of the spread: within rounding")
        beyond = self._difference_frac(kernel_source, self._beyond)
        if beyond is None or beyond > EQUIVALENT_FRAC:
            return replace(outcome, reason="differs only on inputs further out than any trial's")
        return replace(outcome, fate="equivalent")

    def judge(self, kernel_source: str) -> Outcome:
        """Both verdicts on a kernel; nothing refuses it: `survived`."""
        official = hardened = killed_by = ""
        outputs = self._outputs(kernel_source, self._trials, wide=False)
        for number, trial in enumerate(self._trials):
            if hardened and (official or trial.name != "official"):
                break
            try:
                found = next(outputs)
                wrong = _wrong_kind(found, trial.expected)
            except Exception as error:  # what a kernel raises once, it is taken to raise in each trial that is left
                found, wrong = [], f"{type(error).__name__}: {error}"[:200]
                outputs = itertools.repeat([])
            if wrong and number == 0:
                return Outcome("stillborn", is_killed_officially=True, killed_by=trial.name, reason=wrong)
            pairs = [] if wrong else zip(found, trial.expected, trial.scales, strict=True)
            compared = [compare(output, expected, scale, trial.error) for output, expected, scale in pairs]
            if trial.name == "official" and not official:
                official = wrong or _first(each.official_failure for each in compared)
            if not hardened and (hardened := wrong or _first(each.hardened_failure for each in compared)):
                killed_by = trial.name
        return Outcome("killed" if hardened else "survived", bool(official), killed_by, hardened)

    def _difference_frac(self, kernel_source: str, trials: list[_Trial]) -> float | None:
        """The largest rms difference from the reference in float64, in units of the spread; None if nobody knows."""
        largest = 0.0
        try:
            for trial, found in zip(trials, self._outputs(kernel_source, trials, wide=True), strict=True):
                if not self._has_truth or _wrong_kind(found, trial.truths):
                    return None
                for compared in map(compare, found, trial.truths):
                    size = compared.scale.spread or compared.scale.rms or 1.0
                    is_infinite = compared.num_nonfinite_mismatches > 0
                    largest = max(largest, math.inf if is_infinite else compared.rms_error / size)
        except Exception:  # it may insist on a shorter dtype
            return None
        return largest

    @functools.cached_property
    def _beyond(self) -> list[_Trial]:
        """Inputs further out than any trial's, each kind of variation many times over; for float64 alone."""
        trials = []
        for draw, start in itertools.product(self.yardstick.errors, (self._seed, self._seed + _NUM_REPEATS)):
            inputs = self._draw(start)
            for repeat in range(_NUM_REPEATS):
                vary_inputs(inputs, draw, self.yardstick.admits, start + repeat)
            trial = self._trial(f"beyond {draw}", inputs, None, EXACT)
            if all(bool(truth.isfinite().all()) for truth in trial.truths):
                trials.append(trial)
        return trials

    def _outputs(self, kernel_source: str, trials: list[_Trial], *, wide: bool) -> Iterator[list[torch.Tensor]]:
        """The kernel's outputs in each trial; one model serves all trials with the same weights."""
        module = load_module(kernel_source, "kernel")
        programs: dict[int | None, Any] = {}
        for trial in trials:
            if trial.weights_seed not in programs:
                model = self._model(module, "ModelNew", trial.weights_seed)
                programs[trial.weights_seed] = in_float64(model) if wide else model
            with torch.no_grad():
                yield _plain_tensors(programs[trial.weights_seed](*map_tensors(torch.clone, trial.inputs)))

    def _trial(self, name: str, inputs: list[Any], weights_seed: int | None, error: RefError) -> _Trial:
        model = self._model(self._module, "Model", weights_seed)
        truth = in_float64(model)
        with torch.no_grad():
            expected = _plain_tensors(model(*inputs))
            truths = _plain_tensors(truth(*inputs)) if truth else expected
        return _Trial(name, inputs, weights_seed, expected, [scale_of(each) for each in expected], truths, error)

    def _model(self, module: types.ModuleType, class_name: str, weights_seed: int | None) -> torch.nn.Module:
        model = build_model(module, class_name, self._module, _CPU, _WEIGHTS_SEED, is_training=True)
        if weights_seed is not None:
            vary_weights(model, weights_seed)
        return model

    def _draw(self, seed: int) -> list[Any]:
        return draw_inputs(self._module, seed, _CPU)


def _plain_tensors(value: Any) -> list[torch.Tensor]:
    return list(tensors_of(value))


def _wrong_kind(found: list[torch.Tensor], expected: list[torch.Tensor]) -> str:
    """What is wrong with number, shapes or dtypes of the outputs; empty if nothing is."""
    kinds = [[(tuple(each.shape), each.dtype) for each in outputs] for outputs in (found, expected)]
    return "" if kinds[0] == kinds[1] else f"{kinds[0]}, expected {kinds[1]}"


def _first(texts: Iterable[str]) -> str:
    return next(filter(None, texts), "")
