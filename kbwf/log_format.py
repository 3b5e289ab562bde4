"""Lines of a log as a terminal may have them, and without keys: what libraries and servers say goes through here."""

import logging
from collections.abc import Mapping

from kbwf.policies.keys import without_key
from kbwf.policies.table import BACKENDS
from kbwf.printable import printable


class KeylessFormatter(logging.Formatter):
    """The time and the message, its traceback included."""

    def __init__(self, environment: Mapping[str, str]) -> None:
        """Make one.

        Args:
            environment: looked into at each line: a file `.env` may be read after the log has begun.
        """
        super().__init__("%(asctime)s %(message)s", "%H:%M:%S")
        self._environment = environment
        self._names = sorted({name for backend in BACKENDS.values() for name in backend.credentials})

    def format(self, record: logging.LogRecord) -> str:
        """See `logging.Formatter`."""
        text = super().format(record)
        for name in self._names:
            text = without_key(text, self._environment.get(name, "").strip())
        return printable(text)
