"""What the judge found out about one kernel, and where its seconds went."""

import time
from collections import defaultdict
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field

from kbwf.records import EvalStatus, SandboxReport, Timing, Verdict


@dataclass
class Finding:
    """Of one kernel; the stage makes an `Evaluation` of it."""

    status: EvalStatus | None = None
    """None until it is known."""
    message: str = ""
    trace: str = ""
    official: Verdict | None = None
    hardened: Verdict | None = None
    degenerate: tuple[str, ...] = ()
    ref_failure: str = ""
    may_use_tf32: bool = True
    timing: Timing | None = None
    sandbox: SandboxReport | None = None
    seconds_s: dict[str, float] = field(default_factory=dict)

    @property
    def failure(self) -> str:
        """Status and reason, where there is no time."""
        return "" if self.timing is not None else f"{self.status}: {self.message}"


class Phases:
    """Seconds by phase, in the order of the laps."""

    def __init__(self) -> None:
        self._seconds_s: dict[str, float] = defaultdict(float)
        self._last_s = time.monotonic()

    def lap(self, phase: str) -> None:
        """All since the last lap was of this phase."""
        now_s = time.monotonic()
        self._seconds_s[phase] += now_s - self._last_s
        self._last_s = now_s

    @contextmanager
    def timed(self, phase: str) -> Iterator[None]:
        """A lap at the end, whatever happens."""
        try:
            yield
        finally:
            self.lap(phase)

    @property
    def seconds_s(self) -> dict[str, float]:
        """To a tenth of a millisecond."""
        return {phase: round(seconds, 4) for phase, seconds in self._seconds_s.items()}
