"""The system-call filter: its program read step by step, for every kind of machine, and in force."""

import errno
import struct

import pytest

from kbwf.sandbox import seccomp
from tests.sandbox.enclosure import RIGHTS, has, run

MACHINES = {"x86_64": 0xC000003E, "aarch64": 0xC00000B7}
ALLOWED = "allowed"
# Numbers as in the kernel's tables, written down apart from those in the filter.
NUMBERS = {
    "x86_64": {"read": 0, "mmap": 9, "clone": 56, "memfd_create": 319, "socket": 41, "fcntl": 72, "prctl": 157},
    "aarch64": {"read": 63, "mmap": 222, "clone": 220, "memfd_create": 279, "socket": 198, "fcntl": 25, "prctl": 167},
}  # fmt: skip
REFUSED = {
    "x86_64": {"keyctl": 250, "ptrace": 101, "mount": 165, "unshare": 272, "sched_setaffinity": 203, "bpf": 321},
    "aarch64": {"keyctl": 219, "ptrace": 117, "mount": 40, "unshare": 97, "sched_setaffinity": 122, "bpf": 280},
}


def decide(machine: str, number: int, *arguments: int, audit_number: int | None = None) -> str:
    """What the program says of a call: `allowed`, or the name of an error."""
    program = seccomp.program(machine)
    padded = [*arguments, *[0] * (6 - len(arguments))]
    data = struct.pack("=IIQ6Q", number, audit_number or MACHINES[machine], 0, *padded)
    position = accumulator = 0
    while True:
        operation, if_true, if_false, constant = program[position]
        position += 1
        if operation == 0x20:
            (accumulator,) = struct.unpack_from("=I", data, constant)
        elif operation == 0x54:
            accumulator &= constant
        elif operation == 0x06:
            return ALLOWED if constant == 0x7FFF0000 else errno.errorcode[constant & 0xFFFF]
        else:
            holds = {0x15: accumulator == constant, 0x25: accumulator > constant, 0x45: bool(accumulator & constant)}
            position += if_true if holds[operation] else if_false


@pytest.mark.parametrize("machine", MACHINES)
def test_ordinary_calls_are_allowed_and_forbidden_ones_refused(machine: str) -> None:
    """Memory files among the allowed, CUDA needs them; the error is the one for lack of rights."""
    for name in ("read", "mmap", "memfd_create"):
        assert decide(machine, NUMBERS[machine][name]) == ALLOWED, name
    for name, number in {**REFUSED[machine], "io_uring_setup": 425, "mount_setattr": 442}.items():
        assert decide(machine, number) == "EPERM", name


@pytest.mark.parametrize("machine", MACHINES)
def test_sockets_are_unix_sockets(machine: str) -> None:
    """AF_UNIX, not AF_INET, AF_INET6, AF_NETLINK, AF_VSOCK."""
    number = NUMBERS[machine]["socket"]
    assert [decide(machine, number, family) for family in (1, 2, 10, 16, 40)] == [ALLOWED, *["EPERM"] * 4]


@pytest.mark.parametrize("machine", MACHINES)
def test_new_processes_and_threads_make_no_namespaces(machine: str) -> None:
    """The flags of fork and of pthread_create pass; each namespace, and SIGCONT to the parent at the end, do not."""
    number = NUMBERS[machine]["clone"]
    for flags in (17, 0x01200011, 0x003D0F00, 0x4111):
        assert decide(machine, number, flags) == ALLOWED, hex(flags)
    for flag in (0x20000, 0x2000000, 0x4000000, 0x8000000, 0x10000000, 0x20000000, 0x40000000):
        assert decide(machine, number, flag | 17) == "EPERM", hex(flag)
    assert decide(machine, number, 18) == "EPERM"
    assert decide(machine, 435) == "ENOSYS"


@pytest.mark.parametrize("machine", MACHINES)
def test_no_file_and_no_parent_s_death_sends_what_wakes_a_stopped_process(machine: str) -> None:
    """F_SETSIG, PR_SET_PDEATHSIG with SIGCONT; with SIGKILL, and other uses of the calls, they pass."""
    fcntl, prctl = NUMBERS[machine]["fcntl"], NUMBERS[machine]["prctl"]
    assert [decide(machine, fcntl, 3, command) for command in (10, 4, 1033)] == ["EPERM", ALLOWED, ALLOWED]
    assert [decide(machine, prctl, *both) for both in ((1, 18), (1, 9), (15, 18))] == ["EPERM", ALLOWED, ALLOWED]


@pytest.mark.parametrize("machine", MACHINES)
def test_calls_of_another_kind_of_machine_and_of_the_future_do_not_exist(machine: str) -> None:
    """32-bit calls, x32, numbers above what this filter knows: ENOSYS, as a kernel without them would say."""
    read = NUMBERS[machine]["read"]
    assert decide(machine, read, audit_number=0x40000003) == "ENOSYS"
    assert decide(machine, read | 0x40000000) == "ENOSYS"
    assert decide(machine, 470) == "ENOSYS" and decide(machine, 469) == ALLOWED


def test_a_machine_that_is_not_known_has_no_filter() -> None:
    """ENOSYS, which the record then says."""
    with pytest.raises(OSError, match="no system-call filter for riscv64"):
        seccomp.program("riscv64")


@RIGHTS
def test_in_force_it_refuses_softly_and_lets_python_work(rights: str) -> None:
    """Keys, tracing, networks, namespaces and other cores: EPERM. Threads, processes, pipes, memory files: as ever."""
    program = """
import ctypes, os, socket, subprocess, threading
libc = ctypes.CDLL(None, use_errno=True)
def code(result):
    return ctypes.get_errno() if result < 0 else 0
def error(act, *arguments):
    try:
        act(*arguments)
        return 0
    except OSError as found:
        return found.errno
def calls():
    return [
        code(libc.add_key(b"user", b"kbwf", b"key", 3, -3) if hasattr(libc, "add_key") else libc.ptrace(0, 0, 0, 0)),
        code(libc.ptrace(0, 0, 0, 0)), code(libc.unshare(0x10000000)), code(libc.personality(0)),
        error(socket.socket, socket.AF_INET), error(socket.socket, socket.AF_NETLINK, socket.SOCK_RAW),
        error(os.sched_setaffinity, 0, range(os.cpu_count())),
    ]
found = [calls()]
thread = threading.Thread(target=lambda: found.append(calls()))
thread.start()
thread.join()
memory = os.memfd_create("kbwf")
child = subprocess.run(["/bin/echo", "works"], capture_output=True, text=True)
socket.socketpair()
say([found, child.stdout, os.write(memory, b"four")])
"""
    (found, printed, written), report = run(program, rights)
    assert (printed, written) == ("works\n", 4)
    if has(report, "system-call filter"):
        assert found == [[errno.EPERM] * 7] * 2


@RIGHTS
def test_all_threads_are_under_it_those_of_before_too(rights: str) -> None:
    """A thread that a GPU's driver started first cannot do what the others may not."""
    prepare = """
import threading
from kbwf.sandbox import seccomp
install = seccomp.install
def with_a_thread():
    threading.Thread(target=threading.Event().wait, daemon=True).start()
    install()
seccomp.install = with_a_thread
"""
    program = """
import os
from pathlib import Path
fields = ("Uid:", "CapEff:", "NoNewPrivs:", "Seccomp:")
say([[line.split()[1] for line in path.read_text().splitlines() if line.startswith(fields)]
     for path in Path("/proc/self/task").glob("*/status")])
"""
    threads, report = run(program, rights, prepare=prepare)
    assert len(threads) == 2
    if has(report, "system-call filter"):
        assert {tuple(thread[1:]) for thread in threads} == {("0000000000000000", "1", "2")}
        assert threads[0] == threads[1]
