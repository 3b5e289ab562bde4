"""One line, whatever the width."""

from pathlib import Path

import pytest

from kbwf.progress.line import duration, progress_line
from kbwf.progress.state import Best, Job, Progress, Stage


@pytest.fixture
def progress(tmp_path: Path) -> Progress:
    """A run in the middle of its evaluations."""
    found = Progress()
    found.num_gpus = 1
    found.plan({"sample_chunk": 40, "evaluate_kernel": 1600, "all": 1}, 0.0)
    found.stages["sample_chunk"] = Stage(40, 40)
    found.stages["evaluate_kernel"] = Stage(1600, 899)
    found.start(1, Job("evaluate_kernel", {}, "", 1, 0.0))
    found.statuses.update({"passed": 887, "wrong_values": 8, "timeout": 4})
    found.finish(1, 10.0)
    found.best = Best(1.844, {"task": "l1_p012", "policy": "base", "seed": "0", "idx": "17"}, "")
    return found


def test_with_room_everything_is_said(progress: Progress) -> None:
    """No width, no limit."""
    assert progress_line(progress, 10.0) == (
        "940 of 1641 jobs (57 %)  evaluate_kernel 900/1600  89.90 samples/s  GPU busy 100%  1h56m left"
        "  failed: wrong_values 8, timeout 4  best 1.84x (l1_p012, base, seed 0, 17)"
    )


def test_eighty_columns_hold_the_short_forms(progress: Progress) -> None:
    """All parts are there, 79 characters long."""
    assert progress_line(progress, 10.0, 80) == (
        "940/1641  evaluate 900/1600  89.9/s  GPU 100%  1h56m left  12 failed  best 1.84x"
    )


def test_a_lost_job_is_said_before_anything_but_the_count(progress: Progress) -> None:
    """What needs the user comes first where there is little room."""
    progress.fail(7, "evaluate_kernel", 10.0)
    assert progress_line(progress, 10.0, 16) == "940/1641  1 LOST"


@pytest.mark.parametrize("width", range(8, 201, 3))
def test_a_line_never_wraps(progress: Progress, width: int) -> None:
    """At any width a terminal has."""
    assert 8 <= len(progress_line(progress, 10.0, width)) <= width


def test_before_anything_is_known_the_count_stands_alone() -> None:
    """No rates out of nothing."""
    progress = Progress()
    progress.plan({"freeze_task": 4}, 0.0)
    assert progress_line(progress, 0.0) == "0 of 4 jobs (0 %)  freeze_task 0/4"


@pytest.mark.parametrize(
    ("seconds", "text"),
    [(0.4, "0s"), (59.4, "59s"), (59.6, "1m00s"), (250, "4m10s"), (11220, "3h07m"), (190800, "2d05h")],
)
def test_durations_have_two_units_at_most(seconds: float, text: str) -> None:
    """Enough to plan with."""
    assert duration(seconds) == text
