"""Memory and processes of a candidate, all its processes together, with control groups and without."""

import os

import pytest

from tests.sandbox.enclosure import HOST_PERMITS_NAMESPACES, RIGHTS, enclose, has, run

MEGABYTES = 'import mmap, os, signal, time\nmegabytes = lambda count: b"x" * (count << 20)\n'
CHILDREN = """
for _ in range(4):
    if os.fork() == 0:
        kept = megabytes({each})
        say("has it")
        signal.pause()
"""
MEMORY_FILES = """
for number in range(4):
    file = os.memfd_create("kept")
    os.write(file, megabytes({each}))
    say("has it")
"""
SCRATCH_FILES = """
for number in range(4):
    with open(("/tmp", "/dev/shm")[number % 2] + f"/{{number}}", "wb") as file:
        file.write(megabytes({each} // 2))
    os.write(os.memfd_create("kept"), megabytes({each} // 2))
    say("has it")
"""
SHARED_MEMORY = """
for _ in range(4):
    if os.fork() == 0:
        memory = mmap.mmap(-1, {each} << 20)
        for _ in range({each}):
            memory.write(megabytes(1))
        say("has it")
        signal.pause()
"""
WAIT = """
say(os.waitstatus_to_exitcode(os.wait()[1]))
wait()
"""
PROGRAMS = pytest.mark.parametrize(
    "program",
    [
        pytest.param(CHILDREN, id="children"),
        pytest.param(MEMORY_FILES, id="memory_files"),
        pytest.param(
            SCRATCH_FILES,
            id="scratch_files",
            marks=pytest.mark.skipif(not HOST_PERMITS_NAMESPACES, reason="its files would lie on the host's disk"),
        ),
        pytest.param(SHARED_MEMORY, id="shared_memory"),
    ],
)


@RIGHTS
@PROGRAMS
def test_the_memory_bound_is_one_for_all(rights: str, program: str) -> None:
    """Four times 110 MB are too much for an eighth of a gigabyte and Python's own quarter, whoever holds them.

    Somebody is killed, and the output says why.
    """
    with enclose(MEGABYTES + program.format(each=110) + WAIT, rights, max_memory_gb=0.125) as enclosed:
        if rights == "all" and not has(enclosed.report, "memory cgroup"):
            rights = "none"  # the warden watches
        heard = "has it"
        while heard == "has it":
            try:
                heard = enclosed.said()
            except EOFError:
                heard = "gone"
        assert heard in (-9, "gone")
        enclosed.control.end()
        enclosed.end()
        assert "ended: its processes took more than 0.375 GB of host memory together" in enclosed.output()


@RIGHTS
@PROGRAMS
def test_what_stays_within_the_bound_lives(rights: str, program: str) -> None:
    """Four times 20 MB, and the judge's buffers do not count."""
    prepare = """
import mmap, os
kept = os.memfd_create("judge's")
os.ftruncate(kept, 200 << 20)
buffer = mmap.mmap(kept, 200 << 20)
"""
    with enclose(MEGABYTES + program.format(each=20) + "wait()", rights, prepare, max_memory_gb=0.125) as enclosed:
        assert [enclosed.said() for _ in range(4)] == ["has it"] * 4
        enclosed.tell()
        assert enclosed.end() == 0


FEW = """
from kbwf.sandbox import limits, warden
limits.MAX_PROCESSES = warden.MAX_PROCESSES = 64
"""
FORK_ALL = """
import os, signal
def fork_all(most):
    children = []
    try:
        while len(children) < most:
            pid = os.fork()
            if pid == 0:
                signal.pause()
            children.append(pid)
    except BlockingIOError:
        pass
    return len(children)
"""


@RIGHTS
def test_two_candidates_do_not_share_a_bound_on_processes(rights: str) -> None:
    """While one has most of the 64 that it may have, the other can start as many."""
    program = FORK_ALL + "say(fork_all(40))\nwait()"
    with enclose(program, rights, FEW) as first, enclose(program, rights, FEW) as second:
        assert [first.said(), second.said()] == [40, 40]


@RIGHTS
def test_a_candidate_has_its_bound_on_processes(rights: str) -> None:
    """A fork fails; or where the kernel counts nothing for it, as for root without a control group, it is ended."""
    with enclose(FORK_ALL + "say(fork_all(200))\nwait()", rights, FEW) as enclosed:
        try:
            assert 40 < enclosed.said() <= 64
        except EOFError:
            assert (rights == "none" or os.getuid() != 0) and "ended: more than 64 processes" in enclosed.output()


@RIGHTS
def test_no_core_dumps_and_no_priority(rights: str) -> None:
    """The soft and the hard limits are zero."""
    program = "import resource as r\nsay([r.getrlimit(x) for x in (r.RLIMIT_CORE, r.RLIMIT_RTPRIO, r.RLIMIT_NICE)])"
    found, report = run(program, rights)
    if has(report, "rlimits"):
        assert found == [[0, 0]] * 3
