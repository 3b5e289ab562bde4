"""Facts about choosing a step, on the published trajectory of seed 42 (arXiv 2602.07670), in percent of samples."""

import re
from statistics import fmean

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from kbwf.errors import RecordError
from kbwf.records import Evaluation, Timing
from kbwf.strategies.best_of_adaptation import (
    Guardrail,
    StepOutcome,
    best_of_adaptation,
    early_stopping,
    per_task_oracle,
    rolled_back,
    step_outcome,
)
from tests.builders import make_evaluation, make_timing

PUBLISHED_N = [37.5, 40.0, 42.5, 36.3, 36.3, 41.3]
PUBLISHED_P_N = [
    [9.4, 28.1, 46.9, 25.0, 21.9, 25.0],
    [3.1, 15.6, 6.3, 3.1, 3.1, 9.4],
    [100, 100, 100, 100, 100, 100],
    [37.5, 21.9, 18.8, 21.9, 15.6, 40.6],
    [37.5, 34.4, 40.6, 31.3, 40.6, 31.3],
]


def test_the_published_trajectory_gives_the_published_steps() -> None:
    """Best-of-Adaptation and early stopping with patience 1 choose step 2, the latter after looking at step 3."""
    assert best_of_adaptation(PUBLISHED_N) == 2
    assert early_stopping(PUBLISHED_N, patience=1) == (2, 3)


def test_the_published_trajectory_gives_the_published_oracle() -> None:
    """Best steps 46.9, 15.6, 100, 40.6 and 40.6 per cent: 48.7 on average (48.75 before rounding)."""
    assert per_task_oracle(PUBLISHED_P_N) == pytest.approx(48.74)
    assert [fmean(column) for column in zip(*PUBLISHED_P_N, strict=True)] == pytest.approx(PUBLISHED_N, abs=0.1)


def test_ties_go_to_the_earliest_step() -> None:
    """Also to step 0, which is the base policy."""
    assert best_of_adaptation([1.0, 3.0, 3.0]) == 1
    assert best_of_adaptation([2.0, 2.0]) == 0
    assert best_of_adaptation([2.0, 1.0]) == 0


def test_patience_looks_further() -> None:
    """After 5, 4, 4 a 6 is found with patience 3 only; the last step looked at is where the run stops."""
    trajectory = [5.0, 4.0, 4.0, 6.0]
    assert early_stopping(trajectory, patience=1) == (0, 1)
    assert early_stopping(trajectory, patience=2) == (0, 2)
    assert early_stopping(trajectory, patience=3) == (3, 3)
    assert early_stopping([5.0]) == (0, 0)
    with pytest.raises(ValueError, match="at least 1"):
        early_stopping(trajectory, patience=0)


def test_rolled_back_steps_are_passed_over_but_the_base_policy_never_is() -> None:
    """The best step is marked, then all are; a marked step is no progress to early stopping."""
    assert best_of_adaptation([1.0, 3.0, 2.0], [False, True, False]) == 2
    assert best_of_adaptation([1.0, 3.0], [True, True]) == 0
    assert early_stopping([1.0, 3.0, 2.0], 1, [False, True, False]) == (0, 1)
    assert early_stopping([1.0, 3.0, 2.0], 2, [False, True, False]) == (2, 2)


@given(st.lists(st.integers(0, 5), min_size=1, max_size=8), st.integers(1, 8))
@settings(derandomize=True, deadline=None)
def test_early_stopping_is_the_best_of_what_it_looked_at(trajectory: list[int], patience: int) -> None:
    """With enough patience that is everything."""
    chosen, last = early_stopping(trajectory, patience)
    assert chosen == best_of_adaptation(trajectory[: last + 1])
    assert early_stopping(trajectory, len(trajectory))[0] == best_of_adaptation(trajectory)


def test_an_oracle_without_tasks_says_nothing_and_a_trajectory_has_a_step() -> None:
    """None, and an error."""
    assert per_task_oracle([]) is None
    with pytest.raises(ValueError, match="at least step 0"):
        best_of_adaptation([])


def evaluation(index: int, task_id: str, speedup: float | None, runtime_ms: float = 1.0) -> Evaluation:
    """With this speedup and runtime; failed without a speedup."""
    if speedup is None:
        return make_evaluation(index, task_id=task_id)
    times = {"runtime_ms": runtime_ms, "ref_runtime_ms": speedup * runtime_ms}
    timing = Timing.model_validate({**make_timing(speedup).model_dump(), **times})
    return make_evaluation(index, timing, task_id=task_id)


def test_an_outcome_counts_samples_and_takes_medians_per_task() -> None:
    """Of four samples one is faster and three are correct; the failed task has no runtime."""
    outcome = step_outcome(
        [
            evaluation(0, "l0_p001", 2.0, runtime_ms=1.0),
            evaluation(1, "l0_p001", 0.5, runtime_ms=4.0),
            evaluation(2, "l0_p001", 1.0, runtime_ms=3.0),
            evaluation(0, "l0_p002", None),
        ]
    )
    assert outcome.fast_1 == 0.25
    assert outcome.fast_1_by_task == {"l0_p001": pytest.approx(1 / 3), "l0_p002": 0.0}
    assert outcome.correct_frac == 0.75
    assert outcome.runtime_ms_by_task == {"l0_p001": 3.0}
    with pytest.raises(RecordError, match="got none"):
        step_outcome([])


def outcome(correct_frac: float, **runtime_ms_by_task: float) -> StepOutcome:
    """Only what the guardrail looks at."""
    return StepOutcome(0.0, {}, correct_frac, runtime_ms_by_task)


@pytest.mark.parametrize(
    ("step", "guardrail", "reason"),
    [
        (outcome(0.4, a=1.0, b=1.0), Guardrail(), "40.0% correct, below the base policy's 50.0%"),
        (outcome(0.5, a=1.0, b=1.0), Guardrail(min_correct_frac=0.6), "50.0% correct, below the floor of 60.0%"),
        # Ratios 1 and 2.2: median 1.6.
        (outcome(0.5, a=1.0, b=22.0), Guardrail(), r"median runtime 1.6 times .* above 1.5 \(2 tasks\)"),
        # Only the task that both have counts.
        (outcome(0.5, b=22.0, c=1.0), Guardrail(), r"median runtime 2.2 times .* \(1 tasks\)"),
    ],
)
def test_a_step_that_is_worse_than_the_base_policy_is_rolled_back(
    step: StepOutcome, guardrail: Guardrail, reason: str
) -> None:
    """Base: half correct, runtimes 1 and 10 ms."""
    found = rolled_back(step, outcome(0.5, a=1.0, b=10.0), guardrail)
    assert found is not None and re.fullmatch(reason, found)


@pytest.mark.parametrize(
    ("step", "guardrail"),
    [
        (outcome(0.5, a=1.5, b=15.0), Guardrail()),
        (outcome(0.4, a=1.0, b=1.0), Guardrail(may_lose_correctness=True)),
        (outcome(0.5, a=1.0, b=100.0), Guardrail(max_runtime_ratio=6.0)),
        (outcome(0.5), Guardrail()),
    ],
)
def test_a_step_that_is_no_worse_stays(step: StepOutcome, guardrail: Guardrail) -> None:
    """Exactly 1.5 times is not above; each condition can be loosened; without common tasks no runtime is compared."""
    assert rolled_back(step, outcome(0.5, a=1.0, b=10.0), guardrail) is None
