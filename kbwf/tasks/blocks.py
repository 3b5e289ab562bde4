"""What an answer is taken apart into."""

from typing import NamedTuple


class Block(NamedTuple):
    """A text that may be code, or hold some in a further layer."""

    text: str
    language: str = ""
    label: str = ""
    """The line before it."""
    is_prose: bool = False
    """Not set apart in any way: code only if some of its lines are."""
    is_response: bool = False
    """A response in itself, as in the JSON of an interface, with marks and reasoning of its own."""
    heading: str = ""
    """The heading that it stands under."""
    is_footnote: bool = False
