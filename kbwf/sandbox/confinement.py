"""What the launcher asks of a candidate's sandbox, and what the host permitted of it."""

import errno
from collections.abc import Callable
from dataclasses import dataclass


@dataclass(frozen=True)
class Confinement:
    """One candidate's bounds.

    Attributes:
        device: `cpu`, `cuda:0` …
        num_threads: cores it may use.
        max_memory_gb: host memory all its processes together may take beyond what the first one starts with.
        log_descriptor: the file its output goes to (`output.open_log`).
        shown: the host's paths it may see, read-only (`shown.find_shown_paths`).
        uid: user and group of its own (`identity.own_uid`).
        others_can_read: whether that user can read what is shown; otherwise the candidate stays who the launcher is.
    """

    device: str
    num_threads: int
    max_memory_gb: float
    log_descriptor: int
    shown: tuple[str, ...]
    uid: int
    others_can_read: bool = True

    @property
    def max_memory_bytes(self) -> int:
        """The same in bytes."""
        return int(self.max_memory_gb * 2**30)


@dataclass(frozen=True)
class Report:
    """Which defences were applied, and which the host did not permit: `name (ERRNO)`."""

    applied: tuple[str, ...] = ()
    missing: tuple[str, ...] = ()

    def has(self, name: str) -> bool:
        """Whether this defence was applied."""
        return name in self.applied

    def without(self, name: str, reason: str) -> "Report":
        """This report and one defence that was not applied."""
        return Report(self.applied, (*self.missing, f"{name} ({reason})"))

    def trying(self, name: str, act: Callable[[], None]) -> "Report":
        """This report and one more, applied or refused."""
        try:
            act()
        except OSError as error:
            return self.without(name, errno.errorcode.get(error.errno or 0, "OSError"))
        return Report((*self.applied, name), self.missing)
