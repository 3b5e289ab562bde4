"""The few Linux calls that a sandbox needs and Python does not offer, each raising OSError with what was tried."""

import ctypes
import errno
import os
import platform
import select
import signal

libc = ctypes.CDLL(None, use_errno=True)

MACHINE = platform.machine()
AT_FDCWD, AT_EMPTY_PATH, AT_RECURSIVE = -100, 0x1000, 0x8000
MS_RDONLY, MS_NOSUID, MS_NODEV, MS_NOEXEC, MS_REMOUNT, MS_BIND = 0x1, 0x2, 0x4, 0x8, 0x20, 0x1000
MS_MOVE, MS_REC, MS_PRIVATE = 0x2000, 0x4000, 0x40000
MNT_DETACH = 2
PR_SET_PDEATHSIG, PR_SET_DUMPABLE, PR_SET_TIMERSLACK = 1, 4, 29
PR_SET_CHILD_SUBREAPER, PR_SET_NO_NEW_PRIVS = 36, 38

# Calls that came before Linux 5.1 have a number for each kind of machine, later ones the same everywhere.
_NUMBERS = {
    "x86_64": {"pivot_root": 155, "tgkill": 234, "keyctl": 250, "seccomp": 317},
    "aarch64": {"pivot_root": 41, "tgkill": 131, "keyctl": 219, "seccomp": 277},
}
_SHARED_NUMBERS = {
    "mount_setattr": 442, "landlock_create_ruleset": 444, "landlock_add_rule": 445, "landlock_restrict_self": 446,
}  # fmt: skip


def check(result: int, what: str) -> int:
    """The result of a call into the C library.

    Raises:
        OSError: it failed.
    """
    if result < 0:
        number = ctypes.get_errno()
        raise OSError(number, f"{what}: {os.strerror(number)}")
    return result


def syscall(name: str, *arguments: object) -> int:
    """A system call by its name; whole numbers are passed as longs, what points to memory as it is.

    Raises:
        OSError: it failed; ENOSYS where this kind of machine is not one we know.
    """
    numbers = _NUMBERS.get(MACHINE, {}) | _SHARED_NUMBERS
    if name not in numbers:
        raise OSError(errno.ENOSYS, f"{name}: no number known for {MACHINE}")
    passed = [ctypes.c_long(argument) if isinstance(argument, int) else argument for argument in arguments]
    return check(libc.syscall(ctypes.c_long(numbers[name]), *passed), name)


def prctl(option: int, value: int) -> None:
    """Set one of this process's attributes (prctl(2))."""
    check(libc.prctl(option, ctypes.c_ulong(value), 0, 0, 0), f"prctl {option}")


def mount(source: str | None, target: str, kind: str | None, flags: int, data: str | None = None) -> None:
    """mount(2)."""
    encoded = [os.fsencode(text) if text is not None else None for text in (source, target, kind, data)]
    check(libc.mount(*encoded[:3], ctypes.c_ulong(flags), encoded[3]), f"mount {target}")


def signal_on_parents_death(number: signal.Signals) -> None:
    """Sent to this process when the one that forked it ends. Cleared by a change of user."""
    prctl(PR_SET_PDEATHSIG, int(number))


def end_with_parent(number: signal.Signals, parent: int) -> None:
    """The same in a fresh fork, whose parent may have ended before it could ask for the signal: then it ends here.

    Args:
        parent: a pidfd, opened before the fork; closed here.
    """
    signal_on_parents_death(number)
    if select.select([parent], [], [], 0)[0]:
        os._exit(128 + number)
    os.close(parent)


def adopt_orphans() -> None:
    """Descendants whose parents end become this process's children, so that it can end them."""
    prctl(PR_SET_CHILD_SUBREAPER, 1)
