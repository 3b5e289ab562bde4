"""Ending with the process one works for: a Snakemake that was killed must leave nobody writing into its results."""

import os
import threading
import time
from collections.abc import Callable


def leave_with(owner_pid: int, on_leave: Callable[[], None] = lambda: None) -> None:
    """End this process at once, in whatever it is doing, when the owner is gone.

    Children of an evaluating process ask the kernel to be told of its death, so nobody is left behind.
    """
    threading.Thread(target=_watch, args=(owner_pid, on_leave), daemon=True).start()


def _watch(owner_pid: int, on_leave: Callable[[], None]) -> None:
    while is_alive(owner_pid):
        time.sleep(0.5)
    on_leave()
    os._exit(0)


def is_alive(pid: int) -> bool:
    """Whether a process of this pid runs; a zombie does not."""
    try:
        os.kill(pid, 0)
        with open(f"/proc/{pid}/stat") as stat:
            return stat.read().rpartition(")")[2].split()[0] != "Z"
    except (ProcessLookupError, FileNotFoundError):
        return False
    except PermissionError:
        return True
