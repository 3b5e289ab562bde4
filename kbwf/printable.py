"""Text that a model or somebody's file brought, as a terminal may have it."""

_KEPT = "\n\t"


def printable(text: str) -> str:
    """The text with everything that steers a terminal, is invisible or turns the direction of writing as an escape."""
    return "".join(each if each.isprintable() or each in _KEPT else ascii(each)[1:-1] for each in text)
