"""Which processor cores a GPU's worker and its candidates may use; the system-call filter holds them there."""

import contextlib
import os
from collections.abc import Iterable

from kbwf.errors import ConfigError


def require_cores(num_threads: int, key: str) -> None:
    """Before threads are made for cores that are not there.

    Args:
        key: of the configuration that asks for them.

    Raises:
        ConfigError: this process may use fewer cores.
    """
    num_cores = len(os.sched_getaffinity(0))
    if num_threads > num_cores:
        raise ConfigError(f"{key} is {num_threads}, but only {num_cores} cores may be used here; set at most so many")


def choose_cores(allowed: Iterable[int], num_threads: int) -> set[int]:
    """The last `num_threads` of the allowed ones: interrupts gather on the first.

    Reference and candidate get the same ones; they never run at the same moment.
    """
    return set(sorted(allowed)[-num_threads:])


def stay_on_cores(num_threads: int) -> None:
    """Hold this process, with all threads it has and will have, to as many cores.

    Raises:
        OSError: the host does not permit it.
    """
    chosen = choose_cores(os.sched_getaffinity(0), num_threads)
    for thread in os.listdir("/proc/self/task"):  # a GPU's driver starts some
        with contextlib.suppress(ProcessLookupError):  # one that has ended meanwhile
            os.sched_setaffinity(int(thread), chosen)
