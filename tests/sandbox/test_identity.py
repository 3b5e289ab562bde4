"""Who a candidate is."""

import os
import subprocess
import sys

from kbwf.sandbox.identity import own_uid
from tests.sandbox.enclosure import CHECKOUT, RIGHTS, enclose, has

WHO = """
import os
status = open("/proc/self/status").read().split("\\n")
rights = {line.split()[1] for line in status if line.startswith(("CapInh", "CapPrm", "CapEff", "CapAmb"))}
say([os.getresuid(), os.getresgid(), os.getgroups(), list(rights)])
wait()
"""


@RIGHTS
def test_each_candidate_is_a_user_of_its_own_without_rights(rights: str) -> None:
    """Two at once differ; an ordinary user stays who it is, in a namespace of its own, and has no rights in it."""
    with enclose(WHO, rights) as first, enclose(WHO, rights) as second:
        people = [first.said(), second.said()]
        for who, enclosed in zip(people, (first, second), strict=True):
            uids, gids, groups, capabilities = who
            assert capabilities == ["0000000000000000"]
            if "own user" in enclosed.report.applied:
                assert set(uids) == set(gids) == {own_uid() - os.getpid() + enclosed.process.pid}
                assert groups == []
            else:
                assert has(enclosed.report, "no capabilities") and set(uids) == {os.getuid()}
        if "own user" in first.report.applied:
            assert people[0][0] != people[1][0]


def test_numbers_are_above_those_that_others_hand_out_and_within_a_signed_word() -> None:
    """Below 2^31, even with the largest pid that Linux knows."""
    base = own_uid() - os.getpid()
    assert base > 2_000_200_000 and base + 2**22 < 2**31


KEYRING = """
import ctypes, errno
from kbwf.sandbox import identity, linux
libc = ctypes.CDLL(None, use_errno=True)
add_key, request_key = {"x86_64": (248, 249), "aarch64": (217, 218)}[linux.MACHINE]
search = lambda: libc.syscall(request_key, b"user", b"kbwf-planted", None, 0)
try:
    identity.leave_keys_behind()
except OSError:
    print("forbidden")
    raise SystemExit
libc.syscall(add_key, b"user", b"kbwf-planted", b"secret", 6, -3)
print(search() > 0, end=" ")
identity.leave_keys_behind()
print(search(), errno.errorcode[ctypes.get_errno()])
"""


def test_keys_of_the_session_stay_behind() -> None:
    """A key is found before, and not after."""
    done = subprocess.run(
        [sys.executable, "-c", KEYRING], cwd=CHECKOUT, capture_output=True, text=True, timeout=60, check=True
    )
    assert done.stdout in ("True -1 ENOKEY\n", "forbidden\n")


@RIGHTS
def test_a_key_that_one_candidate_tries_to_leave_is_not_there_for_the_next(rights: str) -> None:
    """It cannot even be made; of the keys that the next one sees, none has its name."""
    program = """
import ctypes, platform
libc = ctypes.CDLL(None, use_errno=True)
add_key = {"x86_64": 248, "aarch64": 217}[platform.machine()]
made = [libc.syscall(add_key, b"user", b"kbwf-left", b"x", 1, ring) for ring in (-2, -3, -4, -5)]
say([made, "kbwf-left" in open("/proc/keys").read()])
"""
    for _ in range(2):
        with enclose(program, rights) as enclosed:
            made, is_found = enclosed.said()
            if has(enclosed.report, "system-call filter"):
                assert made == [-1] * 4
            assert not is_found
