"""What a log shows of what others say."""

import logging
import sys

from kbwf.log_format import KeylessFormatter

KEY = "sk-planted-123"


def line(message: str, environment: dict[str, str], **others: object) -> str:
    """As the log has it, after the time."""
    record = logging.makeLogRecord({"msg": message, **others})
    return KeylessFormatter(environment).format(record).partition(" ")[2]


def test_what_steers_a_terminal_is_escaped() -> None:
    """A server's words in a warning."""
    assert line("busy\x1b]0;pwned\x07", {}) == r"busy\x1b]0;pwned\x07"


def test_no_line_holds_a_key_of_any_backend() -> None:
    """Nor a traceback; the variable may have a line break that the key has not."""
    assert line(f"sent {KEY}", {"OPENAI_API_KEY": f"{KEY}\n"}) == "sent [key]"
    try:
        raise ValueError(KEY)
    except ValueError:
        text = line("failed", {"TINKER_API_KEY": KEY}, exc_info=sys.exc_info())
    assert KEY not in text and "ValueError: [key]" in text


def test_a_key_that_is_read_later_is_left_out_too() -> None:
    """From a file, after the log has begun."""
    environment: dict[str, str] = {}
    formatter = KeylessFormatter(environment)
    environment["OPENAI_API_KEY"] = KEY
    assert KEY not in formatter.format(logging.makeLogRecord({"msg": KEY}))
