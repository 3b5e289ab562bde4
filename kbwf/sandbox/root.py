"""A root folder of its own: an empty file system into which only what a candidate needs is put.

The steps come in this order, in a mount namespace that nobody else is in: `make`, `make_read_only`, `mount_proc`.
"""

import contextlib
import ctypes
import errno
import os
import re
from pathlib import Path

from kbwf.sandbox import linux
from kbwf.sandbox.linux import MS_BIND, MS_NODEV, MS_NOEXEC, MS_NOSUID, MS_RDONLY, MS_REC, MS_REMOUNT, mount
from kbwf.sandbox.shown import is_below, outermost

SCRATCH_FOLDERS = ("/tmp", "/dev/shm")
_STAGE = "/tmp"
"""Where the new root is put together: a folder that every host has."""
_DEVICES = re.compile("null|zero|full|random|urandom")
_GPU_DEVICES = re.compile("dxg|nvidia.*")
_LINKS = {"fd": "/proc/self/fd", "stdin": "/proc/self/fd/0", "stdout": "/proc/self/fd/1", "stderr": "/proc/self/fd/2"}
_KEPT_FROM_WRITING = ("/proc/sys", "/proc/irq", "/proc/bus", "/proc/sysrq-trigger")
_MOUNT_OPTIONS = {"ro": MS_RDONLY, "nosuid": MS_NOSUID, "nodev": MS_NODEV, "noexec": MS_NOEXEC, "noatime": 0x400,
                  "nodiratime": 0x800, "relatime": 0x200000}  # fmt: skip


class _MountAttributes(ctypes.Structure):
    _fields_ = tuple((name, ctypes.c_uint64) for name in ("set", "clear", "propagation", "namespace"))


def make(shown: tuple[str, ...], uid: int, scratch_bytes: int, *, has_gpu: bool) -> None:
    """Put the new root together and move into it; the host's own is out of reach afterwards, but for open files.

    Each path is bound by a handle taken before, so that no folder above it need be passable for the candidate, nor
    visible. What cannot be bound is not there.

    Args:
        uid: the user that /etc/passwd of the new root knows.
        scratch_bytes: bound of /tmp, and of /dev/shm.
        has_gpu: whether it sees GPUs: what only compiles must not disturb a kernel that is timed on one.

    Raises:
        OSError: the host does not permit it; the mounts are as they were.
    """
    mount(None, "/", None, MS_REC | linux.MS_PRIVATE)
    patterns = (_DEVICES, _GPU_DEVICES) if has_gpu else (_DEVICES,)
    names = [name for name in sorted(os.listdir("/dev")) if any(pattern.fullmatch(name) for pattern in patterns)]
    devices = [f"/dev/{name}" for name in names]
    real = outermost([os.path.realpath(path) for path in shown])
    handles = {path: os.open(path, os.O_PATH) for path in (*real, *devices, "/proc")}
    mount("tmpfs", _STAGE, "tmpfs", MS_NOSUID | MS_NODEV, "size=4m,mode=755")
    try:
        os.mkdir(f"{_STAGE}/dev")
        mount("tmpfs", f"{_STAGE}/dev", "tmpfs", MS_NOSUID, "size=1m,mode=755")
        for folder in SCRATCH_FOLDERS:
            os.mkdir(_STAGE + folder)
            mount("tmpfs", _STAGE + folder, "tmpfs", MS_NOSUID | MS_NODEV, f"size={scratch_bytes},mode=1777")
        for path, handle in handles.items():
            _bind(handle, _STAGE + path)
        for path in shown:
            if not os.path.lexists(_STAGE + path):  # a symbolic link on the host, as /bin and /etc/localtime often are
                os.makedirs(os.path.dirname(_STAGE + path), exist_ok=True)
                os.symlink(os.path.realpath(path), _STAGE + path)
        for name, target in _LINKS.items():
            os.symlink(target, f"{_STAGE}/dev/{name}")
        _write_etc(Path(_STAGE, "etc"), uid)
        _move_in()
    except BaseException:
        linux.libc.umount2(_STAGE.encode(), linux.MNT_DETACH)
        raise
    finally:
        for handle in handles.values():
            os.close(handle)


def make_read_only(shown: tuple[str, ...]) -> None:
    """All that is shown, with every mount below it, and the root folder itself.

    Raises:
        OSError: some of it could not be made so; the rest is.
    """
    refused = None
    for path in ("/", *outermost([os.path.realpath(path) for path in shown])):
        try:
            _set_read_only(path)
        except FileNotFoundError:
            continue
        except OSError as error:
            refused = error
    if refused is not None:
        raise refused


def mount_proc(hides_others: bool) -> None:
    """A /proc that shows only this PID namespace; of the kernel's knobs none moves.

    Args:
        hides_others: whether a process sees only those of its own user. The warden must see all; it does where it is in
            the root group and the candidate is not.

    Raises:
        OSError: the host does not permit it.
    """
    flags = MS_NOSUID | MS_NODEV | MS_NOEXEC
    try:
        mount("proc", "/proc", "proc", flags, "hidepid=2" if hides_others else None)
    except OSError as error:
        if error.errno != errno.EINVAL:  # a kernel that has no such option
            raise
        mount("proc", "/proc", "proc", flags)
    for path in _KEPT_FROM_WRITING:
        if os.path.exists(path):
            mount(path, path, None, MS_BIND | MS_REC)
            mount(None, path, None, MS_BIND | MS_REMOUNT | MS_RDONLY | flags)


def _bind(handle: int, target: str) -> None:
    source = f"/proc/self/fd/{handle}"
    if os.path.isdir(source):
        os.makedirs(target, exist_ok=True)
    else:
        os.makedirs(os.path.dirname(target), exist_ok=True)
        Path(target).touch()
    mount(source, target, None, MS_BIND | MS_REC)


def _write_etc(folder: Path, uid: int) -> None:
    files = {
        "passwd": f"root:x:0:0::/:/bin/false\nkbwf:x:{uid}:{uid}::/tmp:/bin/false\n",
        "group": f"root:x:0:\nkbwf:x:{uid}:\n",
        "nsswitch.conf": "passwd: files\ngroup: files\nhosts: files\n",
        "hosts": "127.0.0.1 localhost\n",
    }
    folder.mkdir(exist_ok=True)
    for name, text in files.items():
        (folder / name).write_text(text)


def _move_in() -> None:
    os.chdir(_STAGE)
    try:
        linux.syscall("pivot_root", b".", b".")
    except OSError:  # the host's root is the first file system of all, which cannot be moved away
        mount(".", "/", None, linux.MS_MOVE)
        os.chroot(".")
    else:  # the old root is now mounted over the new one
        linux.check(linux.libc.umount2(b".", linux.MNT_DETACH), "umount of the old root")
    os.chdir("/")


def _set_read_only(path: str) -> None:
    attributes = _MountAttributes(MS_RDONLY | MS_NOSUID, 0, 0, 0)  # MOUNT_ATTR_* have the same numbers
    recursive = 0 if path == "/" else linux.AT_RECURSIVE
    reference, size = ctypes.byref(attributes), ctypes.sizeof(attributes)
    try:
        linux.syscall("mount_setattr", linux.AT_FDCWD, os.fsencode(path), recursive, reference, size)
    except OSError as error:
        if error.errno != errno.ENOSYS:
            raise
        for point, options in _mounts_at(path, is_alone=path == "/"):  # before Linux 5.12, one by one
            flags = sum(_MOUNT_OPTIONS.get(option, 0) for option in options) | MS_RDONLY | MS_NOSUID
            with contextlib.suppress(OSError):  # of a mount that another covers
                mount(None, point, None, MS_REMOUNT | MS_BIND | flags)
            if os.path.exists(point) and not os.statvfs(point).f_flag & os.ST_RDONLY:
                raise OSError(errno.EPERM, f"{point} stays writable") from error


def _mounts_at(path: str, is_alone: bool) -> list[tuple[str, list[str]]]:
    """Mount points at a path and, unless alone, below it, with their options (proc_pid_mountinfo(5))."""
    found = []
    for line in Path("/proc/self/mountinfo").read_bytes().splitlines():
        fields = line.split(b" ")
        point = os.fsdecode(_unescape(fields[4]))
        if point == path or (not is_alone and is_below(point, path)):
            found.append((point, fields[5].decode().split(",")))
    return found


def _unescape(name: bytes) -> bytes:
    """The kernel writes space, tab, newline and backslash as three octal digits, and every other byte as it is."""
    first, *rest = name.split(b"\\")
    return first + b"".join(bytes([int(part[:3], 8)]) + part[3:] for part in rest)
