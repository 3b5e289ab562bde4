"""A filter on system calls, as a program for the kernel's packet filter (seccomp(2)).

What a kernel of this project has no business with fails with EPERM, so that whoever only asks can go on. Our own
program: the binding on PyPI has had no release since 2021 and needs a C library that is not everywhere.
"""

import ctypes
import errno
import signal
import struct

from kbwf.sandbox.linux import MACHINE, syscall

# By number on x86-64 and on aarch64; None where there is no such call.
_FORBIDDEN: dict[str, tuple[int | None, int | None]] = {
    # keys of other users and for the next candidate; other processes' memory and files
    "add_key": (248, 217), "request_key": (249, 218), "keyctl": (250, 219), "ptrace": (101, 117), "kcmp": (312, 272),
    "process_vm_readv": (310, 270), "process_vm_writev": (311, 271), "pidfd_getfd": (438, 438),
    # large surfaces of the kernel that no kernel of ours needs
    "bpf": (321, 280), "perf_event_open": (298, 241), "userfaultfd": (323, 282), "io_uring_setup": (425, 425),
    "io_uring_enter": (426, 426), "io_uring_register": (427, 427), "modify_ldt": (154, None),
    # another view of the file system, or a way around this one
    "mount": (165, 40), "umount2": (166, 39), "pivot_root": (155, 41), "chroot": (161, 51), "open_tree": (428, 428),
    "move_mount": (429, 429), "fsopen": (430, 430), "fsconfig": (431, 431), "fsmount": (432, 432),
    "fspick": (433, 433), "mount_setattr": (442, 442), "open_tree_attr": (467, 467), "unshare": (272, 97),
    "setns": (308, 268), "open_by_handle_at": (304, 265), "fanotify_init": (300, 262),
    # more than its share of the machine; num_threads is held by affinity, which must then stay
    "sched_setaffinity": (203, 122), "personality": (135, 92), "quotactl": (179, 60), "quotactl_fd": (443, 443),
    # memory and messages that outlive a process, where there is no namespace for them
    "shmget": (29, 194), "msgget": (68, 186), "semget": (64, 190), "mq_open": (240, 180),
    # a timer may send SIGCONT to a stopped process
    "timer_create": (222, 107),
    # the machine itself
    "swapon": (167, 224), "swapoff": (168, 225), "reboot": (169, 142), "acct": (163, 89), "syslog": (103, 116),
    "settimeofday": (164, 170), "clock_settime": (227, 112), "init_module": (175, 105), "finit_module": (313, 273),
    "delete_module": (176, 106), "kexec_load": (246, 104), "kexec_file_load": (320, 294), "iopl": (172, None),
    "ioperm": (173, None), "sethostname": (170, 161), "setdomainname": (171, 162),
}  # fmt: skip
_CLONE3 = 435  # its flags lie in memory, which no filter can read: ENOSYS makes the C library take `clone` instead
_CLONE, _SOCKET, _SOCKETPAIR, _FCNTL, _PRCTL = (56, 220), (41, 198), (53, 199), (72, 25), (157, 167)
_LAST_KNOWN = 469  # file_setattr, Linux 6.17: what came later is answered as if it did not exist, as are x32's calls
_AUDIT_NUMBERS = {"x86_64": 0xC000003E, "aarch64": 0xC00000B7}
_NEW_NAMESPACES = 0x20000 | 0x2000000 | 0x4000000 | 0x8000000 | 0x10000000 | 0x20000000 | 0x40000000
_AF_UNIX, _F_SETSIG, _PR_SET_PDEATHSIG = 1, 10, 1

_SET_MODE_FILTER, _ALL_THREADS, _NO_MITIGATION = 1, 1, 4
_LOAD, _IF_EQUAL, _IF_ABOVE, _IF_BITS, _AND, _RETURN = 0x20, 0x15, 0x25, 0x45, 0x54, 0x06
_NUMBER, _ARCHITECTURE, _ARGUMENT_0, _ARGUMENT_1 = 0, 4, 16, 24  # offsets in struct seccomp_data

Instruction = tuple[int, int, int, int]
"""Operation, how many to skip if true and if false, constant: struct sock_filter."""


def _answer(value: int) -> Instruction:
    return (_RETURN, 0, 0, value)


_ALLOW, _REFUSE, _UNKNOWN = map(_answer, (0x7FFF0000, 0x50000 | errno.EPERM, 0x50000 | errno.ENOSYS))
_ONLY_UNIX: list[Instruction] = [(_LOAD, 0, 0, _ARGUMENT_0), (_IF_EQUAL, 1, 0, _AF_UNIX), _REFUSE, _ALLOW]
# By its number, what decides over a call that is allowed with some arguments only.
_DECIDED: list[tuple[tuple[int, int], list[Instruction]]] = [
    (_SOCKET, _ONLY_UNIX),
    (_SOCKETPAIR, _ONLY_UNIX),
    (_CLONE, [  # no namespaces, and no SIGCONT as the signal that tells a parent of its child's end
        (_LOAD, 0, 0, _ARGUMENT_0), (_IF_BITS, 0, 1, _NEW_NAMESPACES), _REFUSE, (_AND, 0, 0, 0xFF),
        (_IF_EQUAL, 2, 0, int(signal.SIGCHLD)), (_IF_EQUAL, 1, 0, 0), _REFUSE, _ALLOW,
    ]),
    (_FCNTL, [(_LOAD, 0, 0, _ARGUMENT_1), (_IF_EQUAL, 0, 1, _F_SETSIG), _REFUSE, _ALLOW]),
    (_PRCTL, [
        (_LOAD, 0, 0, _ARGUMENT_0), (_IF_EQUAL, 0, 3, _PR_SET_PDEATHSIG),
        (_LOAD, 0, 0, _ARGUMENT_1), (_IF_EQUAL, 0, 1, int(signal.SIGCONT)), _REFUSE, _ALLOW,
    ]),
]  # fmt: skip


def program(machine: str) -> list[Instruction]:
    """The filter for this kind of machine.

    Raises:
        OSError: ENOSYS, none is known.
    """
    if machine not in _AUDIT_NUMBERS:
        raise OSError(errno.ENOSYS, f"no system-call filter for {machine}")
    column = list(_AUDIT_NUMBERS).index(machine)
    result = [(_LOAD, 0, 0, _ARCHITECTURE), (_IF_EQUAL, 1, 0, _AUDIT_NUMBERS[machine]), _UNKNOWN]
    result += [(_LOAD, 0, 0, _NUMBER), (_IF_ABOVE, 0, 1, _LAST_KNOWN), _UNKNOWN]
    for numbers in _FORBIDDEN.values():
        number = numbers[column]
        if number is not None:
            result += [(_IF_EQUAL, 0, 1, number), _REFUSE]
    result += [(_IF_EQUAL, 0, 1, _CLONE3), _UNKNOWN]
    for pair, decision in _DECIDED:
        result += [(_IF_EQUAL, 0, len(decision), pair[column]), *decision]
    return [*result, _ALLOW]


def install() -> None:
    """Put the filter over all threads of this process and over all it starts; new privileges must be forbidden.

    Raises:
        OSError: the kernel does not have it, or this kind of machine is not known.
    """
    packed = b"".join(struct.pack("=HBBI", *instruction) for instruction in program(MACHINE))
    kept = ctypes.create_string_buffer(packed)
    where = struct.pack("HP", len(packed) // 8, ctypes.addressof(kept))  # struct sock_fprog
    try:
        # Older kernels slow a filtered process down against a leak within it, which would falsify its times.
        has_refused = syscall("seccomp", _SET_MODE_FILTER, _ALL_THREADS | _NO_MITIGATION, where)
    except OSError as error:
        if error.errno != errno.EINVAL:  # a kernel that knows nothing of that
            raise
        has_refused = syscall("seccomp", _SET_MODE_FILTER, _ALL_THREADS, where)
    if has_refused:
        raise OSError(errno.EAGAIN, "a thread of this process does not take the filter")
