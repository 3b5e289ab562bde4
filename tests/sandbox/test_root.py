"""A candidate's files: what is there, what can be written, and what the host has mounted."""

import os
import socket
import sys
import tempfile
from pathlib import Path

import pytest

from kbwf.sandbox.root import _unescape
from tests.sandbox.enclosure import CHECKOUT, RIGHTS, enclose, has, run

SECRET = "kbwf-planted-" + "key"
FAILS = """
def failure(act, *arguments):
    try:
        act(*arguments)
    except OSError as error:
        return type(error).__name__
"""
MOUNTS = """
import os
from kbwf.sandbox import linux, namespaces
namespaces.unshare("mount")
linux.mount(None, "/", None, linux.MS_REC | linux.MS_PRIVATE)
folder = confinement.shown[-1]
for name in ("Größe 1", "covered/inner", "covered"):
    os.makedirs(f"{folder}/{name}", exist_ok=True)
    linux.mount("tmpfs", f"{folder}/{name}", "tmpfs", 0, "mode=1777")
    open(f"{folder}/{name}/file", "w").close()
"""
NO_MOUNT_SETATTR = """
from kbwf.sandbox import linux
syscall = linux.syscall
def refuse(name, *arguments):
    if name == "mount_setattr":
        raise OSError(38, "not on this kernel")
    return syscall(name, *arguments)
linux.syscall = refuse
"""
IS_ROOT = pytest.mark.skipif(os.getuid() != 0, reason="only root can mount, for a sandbox to deal with it")


@RIGHTS
def test_the_root_folder_holds_what_is_shown_and_nothing_else(rights: str) -> None:
    """Beside system folders only the first part of where Python and the package lie; of /dev what a GPU needs."""
    program = """
import os
def seen(path):
    try:
        return os.listdir(path)
    except PermissionError:
        return None
say([seen(path) for path in ("/", "/dev", "/tmp", "/proc")])
"""
    found, report = run(program, rights)
    if has(report, "own root"):
        places = (sys.prefix, sys.base_prefix, str(CHECKOUT))
        expected = {Path(place).parts[1] for place in places} | {"dev", "etc", "proc", "sys", "tmp", "usr"}
        top, dev, tmp, proc = map(set, found)
        assert expected <= top <= expected | {"bin", "sbin", "lib", "lib32", "lib64", "nix", "gnu", "opt", "run"}
        assert {name for name in dev if not name.startswith("nvidia")} == {
            "fd", "full", "null", "random", "shm", "stderr", "stdin", "stdout", "urandom", "zero",
        }  # fmt: skip
        assert tmp <= {Path(place).parts[2] for place in places if place.startswith("/tmp/")}
        if has(report, "own /proc"):
            assert {name for name in proc if name.isdigit()} <= {"1", "2"}


@RIGHTS
def test_files_that_are_not_shown_are_not_there(rights: str, tmp_path: Path) -> None:
    """A key in a temporary folder, the project's own tests, the home: FileNotFoundError, under every name."""
    (tmp_path / "key").write_text(SECRET)
    paths = [str(tmp_path / "key"), str(CHECKOUT / "pyproject.toml"), __file__, str(Path.home() / ".bashrc"), "/var"]
    found, report = run(
        FAILS
        + f"say([[failure(open, top + path) for path in {paths}] for top in ('', '/proc/self/root', '/proc/1/root')])",
        rights,
    )
    if has(report, "own root"):
        assert found[:2] == [["FileNotFoundError"] * len(paths)] * 2
        assert set(found[2]) <= {"FileNotFoundError", "PermissionError"}
    elif has(report, "landlock"):
        assert None not in [*found[0], *found[1]]


@RIGHTS
def test_nothing_can_be_written_but_to_two_private_folders(rights: str) -> None:
    """Of all folders that the program can name, files come about in /tmp and /dev/shm, and nobody else sees them."""
    program = (
        FAILS
        + """
import os, sys
folders = ["/tmp", "/dev/shm", "/", "/dev", "/etc", "/usr", "/usr/lib", "/proc", "/proc/sys/kernel", "/sys/module"]
folders += [sys.prefix, sys.base_prefix, os.path.dirname(os.__file__)]
say([folder for folder in folders if failure(open, folder + "/kbwf-written", "w") is None])
"""
    )
    found, report = run(program, rights)
    if has(report, "own root") and has(report, "read-only files"):
        assert found in (["/tmp", "/dev/shm"], ["/tmp", "/dev/shm", "/dev"] if not has(report, "landlock") else None)
    assert not any(Path(folder, "kbwf-written").exists() for folder in found if has(report, "own root"))


@RIGHTS
def test_large_files_can_be_written_up_to_the_memory_bound(rights: str) -> None:
    """A hundred megabytes, as a precompiled header has; not more than the candidate's memory."""
    program = (
        FAILS
        + """
import os
def fill(size):
    file = os.open("/tmp/large", os.O_CREAT | os.O_RDWR | os.O_TRUNC)
    os.posix_fallocate(file, 0, size)
say([failure(fill, size) for size in (100 << 20, 300 << 20)])
"""
    )
    found, report = run(program, rights, max_memory_gb=0.25)
    if has(report, "own root"):
        assert found == [None, "OSError"]


@IS_ROOT
@RIGHTS
@pytest.mark.parametrize("prepare", ["", NO_MOUNT_SETATTR], ids=["all_at_once", "one_by_one"])
def test_what_the_host_has_mounted_below_a_shown_folder_is_read_only_too(
    rights: str, prepare: str, tmp_path: Path
) -> None:
    """A name with a space and other letters than ASCII, and a mount that covers another; anyone may write to them."""
    (tmp_path / "shown").mkdir()
    folders = [str(tmp_path / "shown" / name) for name in ("Größe 1", "covered")]
    program = FAILS + f"import os\nsay([[os.listdir(path), failure(open, path + '/x', 'w')] for path in {folders}])"
    options = {"prepare": MOUNTS + prepare, "shown": [str(tmp_path / "shown")]}
    found, report = run(program, rights, **options)
    assert has(report, "own root") and has(report, "read-only files")
    assert found == [[["file"], "OSError"], [["file"], "OSError"]]


@RIGHTS
def test_of_the_kernel_s_own_files_none_can_be_changed(rights: str) -> None:
    """Neither knobs of the whole machine nor the mounts that hide them."""
    program = (
        FAILS
        + """
import ctypes
libc = ctypes.CDLL(None)
knobs = ("/proc/sys/kernel/core_pattern", "/proc/sysrq-trigger", "/proc/sys/vm/drop_caches")
undone = [libc.umount2(path, 2) for path in (b"/proc/sys", b"/tmp", b"/usr", b"/")]
say([undone, [failure(open, path, "w") for path in knobs]])
"""
    )
    (undone, refused), report = run(program, rights)
    assert undone == [-1] * 4 or not has(report, "system-call filter")
    assert None not in refused


@RIGHTS
def test_a_named_socket_of_the_host_cannot_be_reached(rights: str) -> None:
    """Neither in a folder nor by an abstract name; the candidate's own are its own."""
    with (
        tempfile.TemporaryDirectory(prefix="kbwf-test-", dir="/tmp") as folder,  # a socket's path is short
        socket.socket(socket.AF_UNIX) as named,
        socket.socket(socket.AF_UNIX) as abstract,
    ):
        path, name = f"{folder}/s", f"\0kbwf-{os.getpid()}"
        for server, address in ((named, path), (abstract, name)):
            server.bind(address)
            server.listen()
        program = (
            FAILS
            + f"""
import os, socket
found = [failure(socket.socket(socket.AF_UNIX).connect, address) for address in ({path!r}, {name!r})]
own = socket.socket(socket.AF_UNIX)
path = os.environ["TMPDIR"] + "/own"
own.bind(path)
own.listen()
say([*found, failure(socket.socket(socket.AF_UNIX).connect, path)])
"""
        )
        (by_path, by_name, own), report = run(program, rights)
    if has(report, "own root"):
        assert by_path == "FileNotFoundError"
    if has(report, "net namespace"):
        assert by_name == ("ConnectionRefusedError" if own is None else None)
    assert own is None


def test_names_in_the_kernel_s_list_of_mounts_are_read_as_it_wrote_them() -> None:
    """Octal escapes are bytes, what is not ASCII is UTF-8 as it stands."""
    assert _unescape("/a\\040b/Größe".encode()).decode() == "/a b/Größe"
    assert _unescape(b"/tab\\011end\\134") == b"/tab\tend\\"
    assert _unescape(b"/\xff\\012") == b"/\xff\n"


def test_a_venv_below_another_user_s_closed_folder_is_shown_without_it(tmp_path: Path) -> None:
    """The folders above are made anew and passable; their other content is not there."""
    inner = tmp_path / "closed" / "also closed" / "shown"
    inner.mkdir(parents=True)
    (inner / "file").write_text("kept")
    (tmp_path / "closed" / "key").write_text(SECRET)
    program = f"import os\nsay([open({str(inner / 'file')!r}).read(), os.listdir({str(tmp_path / 'closed')!r})])"
    for folder in (inner.parent, inner.parent.parent):
        folder.chmod(0o700)
    with enclose(program, umask=0o077, shown=[str(inner)]) as enclosed:
        if has(enclosed.report, "own root"):
            assert enclosed.said() == ["kept", ["also closed"]]
