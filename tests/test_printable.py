"""Text of others on a terminal."""

from kbwf.printable import printable


def test_what_steers_a_terminal_or_hides_becomes_an_escape() -> None:
    """Colours, a title, a turned direction, half a character; line breaks and other languages stay."""
    assert printable("a\x1b[31m\x07\r\u202eé\ud800") == r"a\x1b[31m\x07\r\u202eé\ud800"
    assert printable("é 核\n\tb") == "é 核\n\tb"
