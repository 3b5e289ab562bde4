"""Who a candidate is: a user of its own, with no rights and no keys."""

import ctypes
import errno
import os

from kbwf.sandbox.linux import PR_SET_NO_NEW_PRIVS, check, libc, prctl, syscall

_FIRST_UID = 2_100_000_000
"""Above every range that systemd, container engines and directory services hand out, below 2^31; pids go to 2^22."""
_NOBODY = 65534
_CAPABILITY_VERSION_3 = 0x20080522
_CAP_CHOWN, _CAP_SETGID, _CAP_SETUID = 0, 6, 7
_KEYCTL_JOIN_SESSION_KEYRING = 1


def own_uid() -> int:
    """A user number that no other evaluation on this machine has while this process lives."""
    return _FIRST_UID + os.getpid()


def has_capabilities(*numbers: int) -> bool:
    """Whether this thread has all of these (linux/capability.h, up to 31), with or without a /proc to read."""
    header, sets = (ctypes.c_uint32 * 2)(_CAPABILITY_VERSION_3, 0), (ctypes.c_uint32 * 6)()
    check(libc.capget(header, sets), "capget")
    return all(sets[0] >> number & 1 for number in numbers)


def may_change_user() -> bool:
    """Whether this thread may become another user and give files to one: a container's root often may not."""
    return has_capabilities(_CAP_CHOWN, _CAP_SETGID, _CAP_SETUID)


def become(uid: int) -> None:
    """Be this user for good, in all threads of this process, or nobody where user numbers go no further.

    Raises:
        OSError: with EINVAL, this process is nobody now, as others may be; with another reason it is who it was.
    """
    os.setgroups([])
    try:
        os.setresgid(uid, uid, uid)
        os.setresuid(uid, uid, uid)
    except OSError as error:
        if error.errno != errno.EINVAL:  # a container's user namespace does not know the number
            raise
        os.setresgid(_NOBODY, _NOBODY, _NOBODY)
        os.setresuid(_NOBODY, _NOBODY, _NOBODY)
        raise


def drop_capabilities(kept: int = 0) -> None:
    """Keep none: the root of a namespace could otherwise take the mounts away that make it. This thread's only.

    Args:
        kept: bits of those to keep after all.
    """
    header = (ctypes.c_uint32 * 2)(_CAPABILITY_VERSION_3, 0)
    low, high = kept & 0xFFFFFFFF, kept >> 32
    check(libc.capset(header, (ctypes.c_uint32 * 6)(low, low, 0, high, high, 0)), "capset")


def forbid_new_privileges() -> None:
    """No program started from here gains rights by being set-uid."""
    prctl(PR_SET_NO_NEW_PRIVS, 1)


def leave_keys_behind() -> None:
    """A fresh session keyring: keys of whoever started the judge cannot be read, nor any left for the next one."""
    syscall("keyctl", _KEYCTL_JOIN_SESSION_KEYRING, None)
