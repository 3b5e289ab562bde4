"""Freezing a candidate: nothing of it runs between the answer to `freeze` and the `thaw`."""

import os
import signal
import struct

import pytest

from kbwf.sandbox.control import NotFrozen, WardenGone
from tests.conditions import wait_until
from tests.sandbox.enclosure import HOST_PERMITS_NAMESPACES, SHARED_BYTES, Enclosed, enclose, has

COUNT = """
import ctypes, os, signal, struct, threading, time

def count(slot):
    value = 0
    while True:
        value += 1
        struct.pack_into("Q", shared, 8 * slot, value)

def fork(act, *arguments):
    if os.fork() == 0:
        act(*arguments)
"""
THREADS_AND_CHILDREN = """
def child(slot):
    os.setsid()
    for number in range(1, 65):
        if number not in (signal.SIGKILL, signal.SIGSTOP, 32, 33):
            signal.signal(number, signal.SIG_IGN)
    fork(count, slot + 1)
    threading.Thread(target=count, args=[slot + 2], daemon=True).start()
    count(slot)

fork(child, 0)
fork(child, 3)
threading.Thread(target=count, args=[6], daemon=True).start()
say("counting")
count(7)
"""
WAKERS = """
def wake(slot):
    value = 0
    while True:
        value += 1
        struct.pack_into("Q", shared, 8 * slot, value)
        for pid in range(2, 12):
            try:
                os.kill(pid, signal.SIGCONT)
            except OSError:
                pass

for slot in range(3):
    fork(wake, slot)
say("waking")
wake(3)
"""
SPAWNING = """
# A parent in vfork waits within the kernel, where no signal reaches it; its other thread counts on.
libc = ctypes.CDLL(None)
stack = ctypes.create_string_buffer(1 << 16)
threading.Thread(target=count, args=[0], daemon=True).start()
say("in vfork")
libc.clone(libc.pause, ctypes.c_void_p(ctypes.addressof(stack) + 65536 - 64), 0x100 | 0x4000 | 17, None)
"""
FORK_STORM = """
signal.signal(signal.SIGCHLD, signal.SIG_IGN)

def storm(slot):
    value = 0
    while True:
        value += 1
        struct.pack_into("Q", shared, 8 * slot, value)
        try:
            pid = os.fork()
        except OSError:
            continue
        if pid == 0:
            try:
                if os.fork() == 0:
                    struct.pack_into("Q", shared, 8 * (slot + 2), value)
            finally:
                os._exit(0)

fork(storm, 0)
say("forking")
storm(1)
"""
NO_PID_NAMESPACE = """
from kbwf.sandbox import namespaces
unshare = namespaces.unshare
def refuse(kind):
    if kind == "pid":
        raise PermissionError(1, "refused in this test")
    unshare(kind)
namespaces.unshare = refuse
"""
OLDER_GROUPS = """
from kbwf.sandbox import cgroup
cgroup._make_version_2 = lambda _: FileNotFoundError(2, "none in this test")
"""
MEANS = pytest.mark.parametrize(
    ("rights", "prepare"),
    [("all", ""), ("all", OLDER_GROUPS), ("none", ""), ("none", NO_PID_NAMESPACE)],
    ids=["group", "older_group", "signals", "walk"],
)


def counters(enclosed: Enclosed) -> tuple[int, ...]:
    """What all that counts has counted."""
    return struct.unpack(f"{SHARED_BYTES // 8}Q", enclosed.shared[:])


def assert_frozen(enclosed: Enclosed) -> None:
    """Nothing moves, however often the processor is offered to others."""
    before = counters(enclosed)
    for _ in range(100):
        os.sched_yield()
    assert counters(enclosed) == before


def wait_until_all_move(enclosed: Enclosed, num_counters: int) -> None:
    """Every counter goes on from where it is now."""
    before = counters(enclosed)
    wait_until(lambda: all(map(int.__lt__, before[:num_counters], counters(enclosed)[:num_counters])))


@MEANS
@pytest.mark.parametrize(
    ("program", "num_counters"),
    [(THREADS_AND_CHILDREN, 8), (WAKERS, 4), (SPAWNING, 1)],
    ids=["threads_and_children", "wakers", "vfork"],
)
def test_a_frozen_candidate_stands_still_and_goes_on_when_thawed(
    program: str, num_counters: int, rights: str, prepare: str
) -> None:
    """Threads, detached children that ignore signals, children that wake each other, a parent that waits in vfork."""
    with enclose(COUNT + program, rights, prepare) as enclosed:
        enclosed.said()
        if not prepare:
            has(enclosed.report, "pid namespace")
        for _ in range(3):
            wait_until_all_move(enclosed, num_counters)
            enclosed.control.freeze()
            assert_frozen(enclosed)
            enclosed.control.thaw()
        wait_until_all_move(enclosed, num_counters)


@MEANS
def test_two_hundred_times_in_a_storm_of_forks(rights: str, prepare: str) -> None:
    """Processes that fork without end are all caught, those that are being born too."""
    with enclose(COUNT + FORK_STORM, rights, prepare) as enclosed:
        enclosed.said()
        for _ in range(200):
            enclosed.control.freeze()
            before = counters(enclosed)
            os.sched_yield()
            assert counters(enclosed) == before
            enclosed.control.thaw()
        wait_until_all_move(enclosed, 2)


@pytest.mark.skipif(not HOST_PERMITS_NAMESPACES, reason="process 1 would be the host's")
@pytest.mark.parametrize("rights", ["all", "none"])
def test_nothing_from_within_ends_or_stops_the_warden(rights: str) -> None:
    """Process 1 gets every signal there is, and still freezes, thaws and ends the candidate."""
    program = """
wait()
for number in range(1, 65):
    try:
        os.kill(1, number)
    except OSError:
        pass
say("sent")
count(0)
"""
    with enclose(COUNT + program, rights) as enclosed:
        assert has(enclosed.report, "pid namespace")
        enclosed.tell()
        assert enclosed.said() == "sent"
        wait_until_all_move(enclosed, 1)
        enclosed.control.freeze()
        assert_frozen(enclosed)
        enclosed.control.thaw()
        wait_until_all_move(enclosed, 1)


@MEANS
def test_a_frozen_candidate_can_be_ended(rights: str, prepare: str) -> None:
    """Killed, children and all; its exit code says so, and the warden has nothing more to say."""
    with enclose(COUNT + THREADS_AND_CHILDREN, rights, prepare) as enclosed:
        enclosed.said()
        enclosed.control.freeze()
        enclosed.control.end()
        with pytest.raises(EOFError):
            enclosed.said()
        assert enclosed.end() == 128 + signal.SIGKILL
        with pytest.raises(WardenGone):
            enclosed.control.freeze()
        enclosed.control.end()


@pytest.mark.parametrize("rights", ["all", "none"])
def test_a_judge_that_hangs_up_ends_the_candidate(rights: str) -> None:
    """As if it had said so."""
    with enclose(COUNT + THREADS_AND_CHILDREN, rights) as enclosed:
        enclosed.said()
        enclosed.control.close()
        with pytest.raises(EOFError):
            enclosed.said()
        assert enclosed.end() == 128 + signal.SIGKILL


def test_what_does_not_stop_is_told() -> None:
    """With a warden whose signals reach nobody, the judge is not told that the candidate stands."""
    deaf = """
from kbwf.sandbox import tree, warden
tree.Tree.signal = lambda *_: None
tree.linux.syscall = lambda *_: 0
warden.FREEZE_LIMIT_S = 0.01
"""
    with enclose(COUNT + 'say("counting")\ncount(0)', "none", deaf) as enclosed:
        enclosed.said()
        with pytest.raises(NotFrozen):
            enclosed.control.freeze()
        os.kill(enclosed.process.pid, signal.SIGTERM)
