"""The warden's watch over memory and processes, where no control group bounds them together.

What a look costs is small; only when the sum of what each process has is over the bound is it counted exactly, because
forks share most of theirs. A bound of this kind is kept late, by the time between two looks, and memory files that lie
in a socket's queue are not seen.
"""

import contextlib
import os
from dataclasses import dataclass
from pathlib import Path

INTERVAL_S = 0.05


@dataclass(frozen=True)
class Baseline:
    """What the candidate's first process had when its doors were locked.

    Attributes:
        anonymous: bytes of its own, most of them shared with the launcher.
        shared: bytes of the judge's buffers.
        files: inodes of the memory files it has open: output, buffers.
    """

    anonymous: int
    shared: int
    files: frozenset[int]


def measure_baseline() -> Baseline:
    """For this process, now."""
    lines = Path("/proc/self/maps").read_text(errors="replace").splitlines()
    ranges = [line.split(" ", 1)[0].split("-") for line in lines if "/memfd:" in line]
    shared = sum(int(end, 16) - int(start, 16) for start, end in ranges)
    return Baseline(_quick("self")[0], shared, frozenset(_memory_files(["self"])))


def used_bytes(pids: list[int], baseline: Baseline, limit_bytes: int, scratch: tuple[str, ...]) -> int:
    """Memory of these processes beyond the baseline, with what lies in scratch folders and memory files.

    Exact only where it matters: an upper bound if that is within the limit. What is mapped and what lies in files is
    mostly the same memory, so the larger of the two counts.
    """
    names = list(map(str, pids))
    open_files = {inode: size for inode, size in _memory_files(names).items() if inode not in baseline.files}
    files = _bytes_in(scratch) + sum(open_files.values())
    quick = [_quick(name) for name in names]
    upper = files + sum(max(0, anonymous - baseline.anonymous) + shared for anonymous, shared in quick)
    if upper <= limit_bytes:
        return upper
    exact = [_exact(name) or rough for name, rough in zip(names, quick, strict=True)]
    anonymous = sum(size for size, _ in exact) - baseline.anonymous
    shared = sum(size for _, size in exact) - baseline.shared
    return max(0, anonymous) + max(0, shared, files)


def _quick(pid: str) -> tuple[int, int]:
    """Anonymous and shared memory that a process has in its table, shared pages in full."""
    return _fields(f"/proc/{pid}/status", "RssAnon:", "RssShmem:") or (0, 0)


def _exact(pid: str) -> tuple[int, int] | None:
    """The same with each shared page divided among those that have it (slow: takes milliseconds)."""
    return _fields(f"/proc/{pid}/smaps_rollup", "Pss_Anon:", "Pss_Shmem:")


def _fields(path: str, first: str, second: str) -> tuple[int, int] | None:
    with contextlib.suppress(OSError):
        words = Path(path).read_text().split()
        if first in words and second in words:
            return 1024 * int(words[words.index(first) + 1]), 1024 * int(words[words.index(second) + 1])
    return None


def _bytes_in(folders: tuple[str, ...]) -> int:
    states = [os.statvfs(folder) for folder in folders]
    return sum((state.f_blocks - state.f_bfree) * state.f_frsize for state in states)


def _memory_files(pids: list[str]) -> dict[int, int]:
    """Bytes in memory files that are open somewhere, by inode."""
    found: dict[int, int] = {}
    for pid in pids:
        with contextlib.suppress(OSError):
            for name in os.listdir(f"/proc/{pid}/fd"):
                path = f"/proc/{pid}/fd/{name}"
                with contextlib.suppress(OSError):
                    if os.readlink(path).startswith("/memfd:"):
                        state = os.stat(path)
                        found[state.st_ino] = state.st_blocks * 512
    return found
