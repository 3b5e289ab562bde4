"""Waiting for a condition, with a limit that only a fault reaches."""

import time
from collections.abc import Callable

LIMIT_S = 300.0


def wait_until(condition: Callable[[], bool]) -> None:
    """Returns once the condition holds; fails if it does not within `LIMIT_S`, on however busy a machine."""
    deadline_s = time.monotonic() + LIMIT_S
    while not condition():
        assert time.monotonic() < deadline_s, "the condition did not come true"
        time.sleep(0.02)
