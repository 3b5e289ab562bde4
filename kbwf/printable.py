"""Text that a model or somebody's file brought, as a terminal may have it."""

_KEPT = "\n\t"


def printable(text: str) -> str:
    """The text with everything that steers a terminal, is invisible or turns the direction of writing as an escape."""
    return "".join(each if each.isprintable() or each in _KEPT else ascii(each)[1:-1] for each in text)


def size_text(num_bytes: float) -> str:
    """`812 B`, `3.2 kB`, `41.0 MB`, `1.5 GB`."""
    for unit, factor in (("GB", 1e9), ("MB", 1e6), ("kB", 1e3)):
        if num_bytes >= factor:
            return f"{num_bytes / factor:.1f} {unit}"
    return f"{num_bytes:.0f} B"
