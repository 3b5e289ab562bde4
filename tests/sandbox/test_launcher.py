"""The launcher on a machine that is full."""

import errno
import os

import pytest

from kbwf.sandbox import launcher


def test_a_machine_without_room_for_a_process_is_asked_again(monkeypatch: pytest.MonkeyPatch) -> None:
    """Until a neighbour's processes have ended; the launcher goes on serving."""
    answers = iter([BlockingIOError(errno.EAGAIN, "no room"), BlockingIOError(errno.EAGAIN, "no room"), 4711])

    def fork() -> int:
        answer = next(answers)
        if isinstance(answer, OSError):
            raise answer
        return answer

    monkeypatch.setattr(os, "fork", fork)
    monkeypatch.setattr("time.sleep", lambda seconds: None)
    assert launcher._fork() == 4711


def test_a_machine_that_stays_full_is_a_fault_that_is_said(monkeypatch: pytest.MonkeyPatch) -> None:
    """After a time that a busy neighbour may take."""
    times_s = iter(range(0, 1000, 15))

    def fork() -> int:
        raise BlockingIOError(errno.EAGAIN, "no room")

    monkeypatch.setattr(os, "fork", fork)
    monkeypatch.setattr("time.sleep", lambda seconds: None)
    monkeypatch.setattr("time.monotonic", lambda: float(next(times_s)))
    with pytest.raises(BlockingIOError):
        launcher._fork()
