"""Which processor cores the judge of one GPU keeps to, so that those of two GPUs do not meet. Standard library only."""

import itertools
import os
from collections.abc import Callable, Iterable, Mapping
from pathlib import Path

from kbwf.warm.slots import position_of


def keep_to_own_share(environment: Mapping[str, str]) -> None:
    """Hold this process, and what it will start, to its GPU's share of the cores; once, when it begins.

    Where every GPU's candidates stayed on the same core, two GPUs judged hardly more than one, and unchanged kernels
    came out at 0.6 to 1.7 (docs/log.md).

    Raises:
        ConfigError: CUDA_VISIBLE_DEVICES names a GPU that is not there.
    """
    os.sched_setaffinity(0, share_of(os.sched_getaffinity(0), *position_of(environment)))


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
