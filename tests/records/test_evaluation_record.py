"""Which evaluations can be written at all."""

from typing import Any

import pytest
from pydantic import ValidationError

from kbwf.records import EvalStatus, Evaluation, ScoredSample, Timing
from tests.builders import make_evaluation, make_sample, make_timing

STATUSES = list(EvalStatus)


def _evaluation(status: EvalStatus, timing: Timing | None) -> Evaluation:
    source = None if status in (EvalStatus.NO_KERNEL, EvalStatus.TASK_REFUSED) else "kernel"
    fields: dict[str, Any] = {"task_id": "l0_p001", "policy_id": "base", "seed": 0, "sample_idx": 0, "mode": "full"}
    return Evaluation(**fields, status=status, kernel_source=source, kernel_sha256=source, timing=timing)


@pytest.mark.parametrize("status", STATUSES)
@pytest.mark.parametrize("is_timed", [True, False], ids=["timed", "untimed"])
def test_a_timing_belongs_to_passed_and_only_to_it(status: EvalStatus, is_timed: bool) -> None:
    """Of all pairs of status and timing, those that can be written are: passed with, everything else without."""
    timing = make_timing(2.0) if is_timed else None
    if is_timed == (status == EvalStatus.PASSED):
        evaluation = _evaluation(status, timing)
        assert evaluation.is_correct == is_timed
        assert evaluation.speedup == (2.0 if is_timed else None)
    else:
        with pytest.raises(ValidationError, match="timing belongs to PASSED and only to it"):
            _evaluation(status, timing)


@pytest.mark.parametrize("status", [status for status in STATUSES if status != EvalStatus.PASSED])
def test_a_kernel_is_missing_exactly_with_no_kernel(status: EvalStatus) -> None:
    """Swap presence and absence of the source, and no status accepts it."""
    swapped = "kernel" if status in (EvalStatus.NO_KERNEL, EvalStatus.TASK_REFUSED) else None
    fields = _evaluation(status, None).model_dump() | {"kernel_source": swapped, "kernel_sha256": swapped}
    with pytest.raises(ValidationError, match="missing with NO_KERNEL and TASK_REFUSED"):
        Evaluation.model_validate(fields)


def test_a_kernel_comes_with_its_address() -> None:
    """A source without a hash could not be recognised again."""
    with pytest.raises(ValidationError, match="come together"):
        Evaluation.model_validate(make_evaluation().model_dump() | {"kernel_sha256": None})


@pytest.mark.parametrize("speedup", [0.89, 1.21])
def test_a_speedup_outside_its_interval_is_refused(speedup: float) -> None:
    """The interval is [0.9, 1.2]."""
    with pytest.raises(ValidationError, match=r"outside \[0\.9, 1\.2\]"):
        make_timing(speedup, low=0.9, high=1.2)


def test_a_speedup_on_its_interval_s_bound_is_fine() -> None:
    """Equality is inside."""
    assert make_timing(0.9, low=0.9, high=1.2).speedup == 0.9


@pytest.mark.parametrize("field", ["ref_runtime_ms", "runtime_ms", "speedup", "speedup_low"])
def test_times_are_positive(field: str) -> None:
    """There is no -1 for what was not measured."""
    with pytest.raises(ValidationError, match=rf"{field}[\s\S]*greater than 0"):
        Timing.model_validate(make_timing(1.0).model_dump() | {field: 0.0})


def test_every_block_has_a_median_of_both_programs() -> None:
    """Two blocks, but one median of the kernel."""
    fields = make_timing(1.0, ratios_B=(1.0, 1.0)).model_dump() | {"block_runtime_ms": (1.0,)}
    with pytest.raises(ValidationError, match="one median per block"):
        Timing.model_validate(fields)


@pytest.mark.parametrize("field", ["task_id", "policy_id", "seed", "sample_idx"])
def test_a_sample_is_joined_only_with_its_own_evaluation(field: str) -> None:
    """One differing coordinate is enough to refuse."""
    other = {"task_id": "l0_p002", "policy_id": "identity", "seed": 1, "sample_idx": 1}
    evaluation = make_evaluation().model_copy(update={field: other[field]})
    with pytest.raises(ValidationError, match="joined with the evaluation of"):
        ScoredSample(sample=make_sample(), evaluation=evaluation)


@pytest.mark.parametrize("field", ["speedup", "ref_runtime_ms", "runtime_ms"])
def test_a_time_that_no_clock_says_is_refused(field: str) -> None:
    """A sum of two such would be infinite, and a report of them no report."""
    fields = make_timing(2.0).model_dump() | {field: 1e308, "speedup_high": 1e309 if field == "speedup" else 2.0}
    with pytest.raises(ValidationError, match=f"(?s){field}.*less than or equal to"):
        Timing.model_validate(fields)
