"""Which processor cores a GPU's worker and its candidates may use; the system-call filter holds them there."""

import contextlib
import itertools
import os
from collections.abc import Callable, Iterable
from pathlib import Path

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


def share_of(
    allowed: Iterable[int], number: int, num_shares: int, first_sibling: Callable[[int], int] | None = None
) -> set[int]:
    """One of so many shares of the cores: the workers of two GPUs meet neither on a core nor on one's two threads.

    Args:
        number: from 0.
        first_sibling: which hardware thread stands for the core that one is of; as the kernel tells, if left out.

    Returns:
        All of them, where there are fewer cores than shares.
    """
    find = first_sibling or _first_sibling
    groups = [list(group) for _, group in itertools.groupby(sorted(allowed, key=lambda each: (find(each), each)), find)]
    if len(groups) < num_shares:
        return set(itertools.chain(*groups))
    start, end = (each * len(groups) // num_shares for each in (number, number + 1))
    return set(itertools.chain(*groups[start:end]))


def _first_sibling(core: int) -> int:
    try:
        siblings = Path(f"/sys/devices/system/cpu/cpu{core}/topology/thread_siblings_list").read_text()
    except OSError:
        return core
    return int(siblings.replace("-", ",").partition(",")[0])
