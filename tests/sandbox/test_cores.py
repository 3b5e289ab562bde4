"""As many cores as threads."""

import os
import subprocess
import sys

import pytest

from kbwf.errors import ConfigError
from kbwf.sandbox.cores import choose_cores, require_cores
from tests.sandbox.enclosure import RIGHTS, has, run


def test_more_threads_than_cores_are_refused() -> None:
    """A sentence with the key, rather than 99,999 threads."""
    num_cores = len(os.sched_getaffinity(0))
    require_cores(num_cores, "a.num_threads")
    with pytest.raises(ConfigError, match=rf"^a.num_threads is 99999, but only {num_cores} cores may be used here"):
        require_cores(99_999, "a.num_threads")


def test_the_last_of_the_allowed_cores_are_chosen() -> None:
    """In the order of their numbers; all of them, if more are asked for."""
    assert choose_cores({0, 1, 2, 10, 9}, 2) == {9, 10}
    assert choose_cores({3}, 1) == {3}
    assert choose_cores({0, 1}, 5) == {0, 1}


def test_threads_that_run_already_are_held_too() -> None:
    """In a process of its own, which has started one before."""
    program = """
import os, threading
from kbwf.sandbox.cores import stay_on_cores
found, may_go_on, may_end = [], threading.Event(), threading.Event()
def wait():
    found.append(threading.get_native_id())
    may_go_on.set()
    may_end.wait()
thread = threading.Thread(target=wait)
thread.start()
may_go_on.wait()
stay_on_cores(1)
print(len(os.sched_getaffinity(0)), os.sched_getaffinity(0) == os.sched_getaffinity(found[0]))
may_end.set()
"""
    ended = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    assert ended.stdout.split() == ["1", "True"]


@RIGHTS
def test_threads_and_children_run_on_one_core_and_cannot_leave_it(rights: str) -> None:
    """Four threads and a program ask for every core; wherever they are looked at, it is the same one."""
    program = """
import ctypes, os, subprocess, threading
libc = ctypes.CDLL(None)
every = range(os.cpu_count())
seen, refused = set(), []
def move():
    try:
        os.sched_setaffinity(0, every)
    except PermissionError:
        refused.append(True)
    for _ in range(2000):
        seen.add(libc.sched_getcpu())
threads = [threading.Thread(target=move) for _ in range(4)]
for thread in threads:
    thread.start()
for thread in threads:
    thread.join()
child = subprocess.run(["/bin/sh", "-c", "taskset -p ffff $$ 2>&1; grep Cpus_allowed_list /proc/self/status"],
                       capture_output=True, text=True)
say([sorted(seen), len(refused), sorted(os.sched_getaffinity(0)), child.stdout.split()[-1]])
"""
    (seen, num_refused, allowed, of_child), report = run(program, rights)
    if has(report, "cores"):
        assert allowed == sorted(choose_cores(os.sched_getaffinity(0), 1))
        if has(report, "system-call filter"):
            assert seen == allowed and num_refused == 4
            assert of_child == str(allowed[0])
