"""Finding and stopping processes by signals, tried on children of the test."""

import contextlib
import os
import signal
from collections.abc import Iterator
from pathlib import Path

import pytest

from kbwf.sandbox import linux
from kbwf.sandbox import tree as tree_module
from kbwf.sandbox.tree import Tree


@pytest.fixture
def busy() -> Iterator[list[int]]:
    """Four processes that never rest, two of them children of the others."""
    read, write = os.pipe()
    for _ in range(2):
        if os.fork() == 0:
            os.fork()
            os.write(write, os.getpid().to_bytes(4, "big"))
            while True:
                pass
    pids = [int.from_bytes(os.read(read, 4), "big") for _ in range(4)]
    yield pids
    for pid in pids:
        os.kill(pid, signal.SIGKILL)
        with contextlib.suppress(ChildProcessError):  # a grandchild
            os.waitpid(pid, 0)
    os.close(read)
    os.close(write)


def states(pids: list[int]) -> set[str]:
    """The states that /proc shows."""
    return {Path(f"/proc/{pid}/stat").read_text().rpartition(") ")[2][0] for pid in pids}


def test_all_stand_the_moment_that_freeze_returns_every_time(busy: list[int]) -> None:
    """A hundred times: T for all four at once, then running again."""
    tree = Tree(is_first=False, has_own_proc=False)
    assert set(busy) <= set(tree.pids())
    for _ in range(100):
        assert tree.freeze(limit_s=60)
        assert states(busy) == {"T"}
        tree.thaw()
        assert "T" not in states(busy)


def test_freeze_says_when_something_goes_on(busy: list[int], monkeypatch: pytest.MonkeyPatch) -> None:
    """Where no signal arrives, the limit passes and the answer is no."""
    monkeypatch.setattr(Tree, "signal", lambda *_: None)
    monkeypatch.setattr(linux, "syscall", lambda *_: 0)
    assert not Tree(is_first=False, has_own_proc=False).freeze(limit_s=0.0)


@pytest.mark.parametrize("waits", [False, True], ids=["running", "waiting in the kernel"])
def test_a_fork_that_ends_while_its_parent_is_looked_at_is_found(monkeypatch: pytest.MonkeyPatch, waits: bool) -> None:
    """The parent's children are read, it forks, it stops, its state is read: its child is stopped before the answer."""
    looks = iter(
        [
            {1: "R"},
            {1: "D" if waits else "T"},  # and has forked since its children were read
            {1: "T", 2: "R"},
            {1: "T", 2: "T"},
            {1: "T", 2: "T"},
        ]
    )
    shown: dict[int, str] = {}

    def look(_: Tree) -> list[int]:
        shown.clear()
        shown.update(next(looks))
        return list(shown)

    monkeypatch.setattr(Tree, "signal", lambda *_: None)
    monkeypatch.setattr(Tree, "pids", look)
    monkeypatch.setattr(tree_module, "_states", lambda pid: [((pid, pid), ord(shown[pid]))])
    signalled = []
    monkeypatch.setattr(linux, "syscall", lambda _, pid, thread, number: signalled.append(pid))
    assert Tree(is_first=False, has_own_proc=False).freeze(limit_s=60)
    assert next(looks, None) is None
    assert signalled == [1, 2]


def test_a_name_that_looks_like_a_state_deceives_nobody(monkeypatch: pytest.MonkeyPatch) -> None:
    """The state follows the last parenthesis, whatever a process calls itself."""
    pid = os.fork()
    if pid == 0:
        linux.libc.prctl(15, b") T (x) T ", 0, 0, 0)  # PR_SET_NAME
        while True:
            pass
    try:
        while Path(f"/proc/{pid}/comm").read_text() != ") T (x) T \n":
            os.sched_yield()
        monkeypatch.setattr(Tree, "signal", lambda *_: None)
        monkeypatch.setattr(linux, "syscall", lambda *_: 0)
        assert not Tree(is_first=False, has_own_proc=False).freeze(limit_s=0.0)
    finally:
        os.kill(pid, signal.SIGKILL)
        os.waitpid(pid, 0)
