"""A scratch folder travels from one of a kernel's processes to another, and nothing else does."""

import io
import os
import tarfile
from collections.abc import Iterator
from pathlib import Path

import pytest

from kbwf.sandbox import archive


@pytest.fixture
def file() -> Iterator[int]:
    """Of the judge's: bounded, empty."""
    descriptor = os.memfd_create("test", os.MFD_CLOEXEC)
    os.ftruncate(descriptor, archive.MAX_ARCHIVE_BYTES)
    yield descriptor
    os.close(descriptor)


def test_files_travel_with_their_times_rounded_down(tmp_path: Path, file: int) -> None:
    """And with the right to be run; order among times stays, which is what ninja looks at."""
    here, there = tmp_path / "here", tmp_path / "there"
    (here / "extensions" / "a").mkdir(parents=True)
    there.mkdir()
    for name, text, time_ns in (("main.cpp", "int x;", 1_700_000_000_900_000_001), ("a.so", "\x7fELF", 10**18)):
        path = here / "extensions" / "a" / name
        path.write_text(text)
        path.chmod(0o755)
        os.utime(path, ns=(time_ns, time_ns))
    archive.pack(str(here), file)
    archive.unpack(file, str(there))
    found = {str(path.relative_to(there)): path for path in there.rglob("*") if path.is_file()}
    assert {name: path.read_text() for name, path in found.items()} == {
        "extensions/a/main.cpp": "int x;", "extensions/a/a.so": "\x7fELF",
    }  # fmt: skip
    assert found["extensions/a/main.cpp"].stat().st_mtime_ns == 1_700_000_000 * 10**9
    assert os.access(found["extensions/a/a.so"], os.X_OK)


def test_only_plain_files_are_packed(tmp_path: Path, file: int) -> None:
    """A link's target is not read, a pipe is not waited for."""
    here, there = tmp_path / "here", tmp_path / "there"
    here.mkdir()
    there.mkdir()
    (tmp_path / "outside").write_text("secret")
    (here / "link").symlink_to(tmp_path / "outside")
    (here / "folder").symlink_to(tmp_path)
    os.mkfifo(here / "pipe")
    (here / "own").write_text("own")
    archive.pack(str(here), file)
    archive.unpack(file, str(there))
    assert [path.name for path in there.iterdir()] == ["own"]


@pytest.mark.skipif(os.stat("/dev").st_dev == os.stat("/dev/shm").st_dev, reason="/dev/shm is no file system here")
def test_other_file_systems_below_are_left_out(tmp_path: Path, file: int) -> None:
    """What is shown below /tmp, a whole environment perhaps, is not the kernel's."""
    name = f"kbwf-test-{os.getpid()}"
    Path("/dev/shm", name).write_text("another's")
    try:
        archive.pack("/dev", file)
    finally:
        Path("/dev/shm", name).unlink()
    archive.unpack(file, str(tmp_path))
    assert not list(tmp_path.rglob(name))


@pytest.mark.parametrize("num_bytes", [archive.MAX_ARCHIVE_BYTES, archive.MAX_ARCHIVE_BYTES + 1])
def test_too_much_is_left_out(tmp_path: Path, file: int, num_bytes: int) -> None:
    """Nothing is written at all: the kernel compiles again."""
    here = tmp_path / "here"
    here.mkdir()
    with open(here / "large", "wb") as large:
        large.truncate(num_bytes)
    archive.pack(str(here), file)
    assert os.fstat(file).st_blocks == 0


def test_an_empty_folder_makes_no_archive(tmp_path: Path, file: int) -> None:
    """A kernel that compiled nothing."""
    archive.pack(str(tmp_path), file)
    assert os.fstat(file).st_blocks == 0


@pytest.mark.parametrize("name", ["../outside", "/tmp/kbwf-outside", "link/outside"])
def test_nothing_lands_outside_the_folder(tmp_path: Path, file: int, name: str) -> None:
    """An archive is the kernel's own writing."""
    there = tmp_path / "there"
    there.mkdir()
    buffer = io.BytesIO()
    with tarfile.open(fileobj=buffer, mode="w") as made:
        link = tarfile.TarInfo("link")
        link.type, link.linkname = tarfile.SYMTYPE, ".."
        if name.startswith("link"):
            made.addfile(link)
        entry = tarfile.TarInfo(name)
        entry.size = 3
        made.addfile(entry, io.BytesIO(b"bad"))
    os.pwrite(file, buffer.getvalue(), 0)
    archive.unpack(file, str(there))
    assert not (tmp_path / "outside").exists()
    assert not Path("/tmp/kbwf-outside").exists()


@pytest.mark.parametrize("content", [b"", b"no archive", b"\0" * 5000, os.urandom(5000)])
def test_what_is_no_archive_is_nothing(tmp_path: Path, file: int, content: bytes) -> None:
    """The kernel then compiles when it is loaded."""
    os.pwrite(file, content, 0)
    archive.unpack(file, str(tmp_path))
    assert list(tmp_path.iterdir()) == []
