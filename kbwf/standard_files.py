"""Standard input, output and error of the command line, which may be closed, full, or without a reader."""

import os
import signal
import sys


def say(text: str, end: str = "\n") -> int:
    """Print, now; exit code 0, or that of a program whose reader went away, as of `| head -1`."""
    encoding = getattr(sys.stdout, "encoding", None) or "utf-8"
    try:
        print(text.encode(encoding, "backslashreplace").decode(encoding), end=end, flush=True)
    except BrokenPipeError:
        os.dup2(os.open(os.devnull, os.O_WRONLY), 1)  # what is left in the buffer goes nowhere when Python ends
        return 128 + signal.SIGPIPE
    except OSError as error:
        print(f"kbwf: standard output cannot be written to ({error.strerror})", file=sys.stderr)
        os.dup2(os.open(os.devnull, os.O_WRONLY), 1)
        return 1
    return 0


def open_what_is_closed() -> None:
    """Standard input, output and error: files that are opened would get their numbers, and be taken for them."""
    for descriptor in range(3):
        try:
            os.fstat(descriptor)
        except OSError:
            opened = os.open(os.devnull, os.O_RDWR)  # the lowest number that is free
            os.set_inheritable(opened, True)  # by children too
