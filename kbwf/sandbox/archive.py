"""A scratch folder as one file: how what a kernel's compilers made gets from one of its processes to another.

Both ends belong to the same kernel, each in a sandbox of its own; what lies between is bytes that the judge never looks
into. Ninja takes a file for made if none that it was made from is newer, so times go along, rounded down alike.
"""

import contextlib
import os
import stat
import tarfile
from collections.abc import Iterator
from pathlib import Path

MAX_ARCHIVE_BYTES = 256 << 20
"""Of an archive; torch's own headers make objects of two or three megabytes."""


_HEADERS_BYTES, _END_BYTES = 8 << 10, 64 << 10
"""At most, for one file and after the last."""


def pack(folder: str, descriptor: int) -> None:
    """Write the folder's plain files to a file that is empty; nothing, if they are too much.

    Not those of other file systems below it: where Python itself lies below /tmp, it is shown there.
    """
    paths = sorted(_plain_files(folder))
    if not paths or sum(path.stat().st_size + _HEADERS_BYTES for path in paths) > MAX_ARCHIVE_BYTES - _END_BYTES:
        return
    with os.fdopen(os.dup(descriptor), "wb") as file, tarfile.open(fileobj=file, mode="w") as archive:
        for path in paths:
            with open(path, "rb") as content:
                entry = archive.gettarinfo(arcname=str(path.relative_to(folder)), fileobj=content)
                entry.mtime = int(entry.mtime)
                archive.addfile(entry, content)


def _plain_files(folder: str) -> Iterator[Path]:
    device = os.lstat(folder).st_dev
    for parent, folders, names in os.walk(folder):
        folders[:] = [name for name in folders if os.lstat(os.path.join(parent, name)).st_dev == device]
        for path in (Path(parent, name) for name in names):
            found = os.lstat(path)
            if stat.S_ISREG(found.st_mode) and found.st_dev == device:
                yield path


def unpack(descriptor: int, folder: str) -> None:
    """Lay the files of an archive into the folder. What cannot be read is left out: then it is compiled again."""
    with contextlib.suppress(OSError, tarfile.TarError), os.fdopen(os.dup(descriptor), "rb") as file:
        file.seek(0)
        with tarfile.open(fileobj=file, mode="r:") as archive:
            archive.extractall(folder, filter="data")
