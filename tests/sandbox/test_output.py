"""What a candidate prints: bounded, and safe to show."""

import os

import pytest

from kbwf.sandbox.output import MAX_BYTES, append_line, open_log, printable, read_end
from tests.sandbox.enclosure import run


def test_the_end_of_what_was_written_is_read() -> None:
    """All of it if it is short; nothing of a file that nobody wrote to."""
    log = open_log()
    assert read_end(log, 10) == ""
    os.write(log, b"first ")
    append_line(log, "last")
    assert read_end(log, 100) == "first \nlast\n"
    assert read_end(log, 3) == "st\n"
    os.close(log)


def test_no_more_than_the_bound_can_be_written() -> None:
    """Whoever tries to grow or shrink the file is refused; a line of ours is left out without an error."""
    log = open_log()
    os.lseek(log, MAX_BYTES - 2, os.SEEK_SET)
    assert os.write(log, b"xy") == 2
    for act in (lambda: os.write(log, b"z"), lambda: os.ftruncate(log, MAX_BYTES + 1), lambda: os.ftruncate(log, 0)):
        with pytest.raises(PermissionError):
            act()
    append_line(log, "no room")
    assert read_end(log, 2) == "xy"
    os.lseek(log, 1 << 60, os.SEEK_SET)
    assert read_end(log, 10) == ""
    os.close(log)


def test_what_steers_a_terminal_or_hides_is_shown_as_an_escape() -> None:
    """Escape sequences, carriage returns, direction marks, zero-width characters; letters of all scripts stay."""
    assert printable("a\tb\nGröße Ω 漢 🙂") == "a\tb\nGröße Ω 漢 🙂"
    assert printable("\x1b[2J\x07\r") == "\\x1b[2J\\x07\\x0d"
    assert printable("\u202egnp\u200b\x9b\ud800") == "\\u202egnp\\u200b\\x9b\\ud800"


def test_a_candidate_that_prints_without_end_gets_an_error_and_no_more_room() -> None:
    """Standard output and standard error are the bounded file."""
    program = """
import os
try:
    while True:
        os.write(2, b"x" * (1 << 20))
except PermissionError:
    say(os.lseek(2, 0, os.SEEK_CUR))
"""
    assert run(program)[0] <= MAX_BYTES
