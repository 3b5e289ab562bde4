"""The correctness trials of one kernel: what is wrong with a result ends them with a status."""

from collections.abc import Sequence

import torch

from kbwf.errors import InfrastructureError
from kbwf.judge.candidate import Rejected
from kbwf.judge.filling import Filling
from kbwf.judge.measurement import PLANS
from kbwf.judge.reference import Unfit
from kbwf.judge.secret import CHOICE
from kbwf.judge.sides import Sides, hardened_failure, official_failure
from kbwf.records import EvalStatus, Verdict
from kbwf.sandbox.messages import Run
from kbwf.settings import EvaluationSettings
from kbwf.verdict.tolerance import official_tolerance
from kbwf.verdict.variations import Draw


class Checks:
    """What a loaded candidate's results are held to before it is timed."""

    def __init__(self, sides: Sides, settings: EvaluationSettings) -> None:
        self._sides = sides
        self._num_official = PLANS[settings.mode].num_correct_trials
        self._rules = sides.bench.description.yardstick
        self._official_errors: list[float] = []
        self._hardened_errors: list[float] = []
        """Largest errors in the trials that were right by either rule."""
        self._num_unfit = 0
        """Varied inputs that the reference could not take."""

    @property
    def official(self) -> Verdict:
        """What the trials on the task's own inputs say by KernelBench's rule."""
        layouts = self._sides.bench.description.outputs
        tolerance = max(official_tolerance(getattr(torch, each.dtype)) for each in layouts)
        return _verdict(self._num_official, self._official_errors, tolerance)

    @property
    def hardened(self) -> Verdict:
        """What all trials say by the hardened rule."""
        num_trials = self._num_official + len(self._rules.errors) - self._num_unfit
        return _verdict(num_trials, self._hardened_errors, None)

    def run(self) -> None:
        """Trials with fresh secret inputs each: as the task draws them, then as it admits them.

        Whether a task admits a kind was tried out on a few draws: one that the reference cannot take after all, since
        its result's shape depends on values perhaps, is left out.

        Raises:
            Rejected: a result is wrong.
            InfrastructureError: the reference failed on inputs that the task draws itself.
        """
        num_slots = self._sides.bench.inputs.num_slots
        for kinds in ([None] * self._num_official, list(self._rules.errors)):
            for start in range(0, len(kinds), num_slots):
                batch = kinds[start : start + num_slots]
                while batch:
                    try:
                        self._check(batch)
                        break
                    except Unfit as unfit:
                        if batch.pop(unfit.call) is None:
                            raise InfrastructureError(f"{self._sides.bench.task.task_id}: {unfit}") from unfit
                        self._num_unfit += 1

    def _check(self, kinds: Sequence[Draw | None]) -> None:
        """A call for each kind of input; None is the task's own."""
        bench, candidate = self._sides.bench, self._sides.candidate
        slots = CHOICE.sample(range(bench.inputs.num_slots), len(kinds))
        filling = Filling(bench.inputs, slots, kinds, is_official=None in kinds)
        request = Run(slots=slots, values=filling.make())
        expected = self._sides.reference.run(request)
        if bench.description.changes_inputs:
            filling.make()
        before = bench.inputs.fingerprints(slots)
        claims = candidate.run(request)
        is_changed = before != bench.inputs.fingerprints(slots)
        bench.inputs.spoil(slots)
        ref_errors = [self._rules.official if kind is None else self._rules.errors[kind] for kind in kinds]
        for kind, compared in zip(kinds, self._sides.compare(claims, expected, ref_errors), strict=True):
            largest = max((each.max_abs_error for each in compared), default=0.0)
            official, hardened = official_failure(compared), hardened_failure(compared)
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


def _verdict(num_trials: int, errors: list[float], tolerance: float | None) -> Verdict:
    return Verdict(
        is_correct=len(errors) == num_trials,
        num_trials=num_trials,
        num_trials_correct=len(errors),
        max_abs_error=max(errors, default=None),
        tolerance=tolerance,
    )
