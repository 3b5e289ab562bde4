"""What a candidate prints: a file of bounded size, and a text that is safe to show."""

import contextlib
import fcntl
import os
import unicodedata

MAX_BYTES = 16 << 20


def open_log() -> int:
    """A file in memory that takes `MAX_BYTES` of output; writing more fails (EPERM), whoever tries."""
    descriptor = os.memfd_create("kbwf-output", os.MFD_CLOEXEC | os.MFD_ALLOW_SEALING)
    os.ftruncate(descriptor, MAX_BYTES)
    fcntl.fcntl(descriptor, fcntl.F_ADD_SEALS, fcntl.F_SEAL_GROW | fcntl.F_SEAL_SHRINK | fcntl.F_SEAL_SEAL)
    return descriptor


def append_line(descriptor: int, line: str) -> None:
    """Add a line of ours, if there is room."""
    with contextlib.suppress(OSError):
        os.write(descriptor, f"\n{line}\n".encode())


def read_end(descriptor: int, num_bytes: int) -> str:
    """The last `num_bytes` that were written, made printable.

    All holders of the file share its position, which says how far the output goes. A candidate can move it, and then
    only loses its own words.
    """
    size = os.lseek(descriptor, 0, os.SEEK_CUR)
    text = os.pread(descriptor, min(num_bytes, size), max(0, size - num_bytes)).decode(errors="replace")
    return printable(text)


def printable(text: str) -> str:
    """The text with each character that steers a terminal, or hides, as an escape: `\\x1b`, `\\u202e`."""
    return "".join(character if _is_harmless(character) else _escape(character) for character in text)


def _is_harmless(character: str) -> bool:
    return character in "\n\t" or unicodedata.category(character) not in ("Cc", "Cf", "Cs", "Co", "Zl", "Zp")


def _escape(character: str) -> str:
    return (
        f"\\x{ord(character):02x}" if ord(character) < 128 else character.encode("ascii", "backslashreplace").decode()
    )
