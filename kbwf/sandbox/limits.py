"""Bounds of each process by itself; what they are together is bounded by a control group, or watched by the warden."""

import resource
from pathlib import Path

MAX_PROCESSES = 512
_OWN_BYTES = {"cpu": 256 << 20, "cuda": 4 << 30}
"""Host memory that Python, torch and the device's driver take for themselves in a candidate, on top of its share."""


def max_bytes_together(device: str, max_memory_bytes: int) -> int:
    """What all processes of a candidate may take together."""
    return max_memory_bytes + _OWN_BYTES[device.partition(":")[0]]


def set_limits(device: str, max_memory_bytes: int, counts_by_user: bool) -> None:
    """Hold this process and its children to their share.

    Args:
        counts_by_user: whether the user, or the user namespace, is the candidate's alone: the kernel counts processes
            by user, and must not count another candidate's.

    Raises:
        OSError: the host does not permit it.
    """
    try:
        resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
        resource.setrlimit(resource.RLIMIT_FSIZE, (max_memory_bytes, max_memory_bytes))
        resource.setrlimit(resource.RLIMIT_RTPRIO, (0, 0))
        resource.setrlimit(resource.RLIMIT_NICE, (0, 0))
        if counts_by_user:
            resource.setrlimit(resource.RLIMIT_NPROC, (MAX_PROCESSES, MAX_PROCESSES))
        if device == "cpu":  # a GPU's driver reserves more address space than any bound
            used_bytes = int(Path("/proc/self/statm").read_text().split()[0]) * resource.getpagesize()
            resource.setrlimit(resource.RLIMIT_AS, (used_bytes + max_memory_bytes,) * 2)
    except ValueError as error:  # a hard limit is lower already
        raise OSError(1, str(error)) from error
