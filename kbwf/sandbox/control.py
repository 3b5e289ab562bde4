"""What the judge tells the warden of a candidate, a byte each way; both sides import this and nothing else.

The judge sends a command and waits for its answer before the next. The warden answers when the thing is done: after
`FREEZE`, no process or thread of the candidate runs any more. End of file from the judge is as good as `END`; end of
file from the warden means that the candidate is gone, with all that it started.
"""

import contextlib
import socket

FREEZE, THAW, END = b"f", b"t", b"e"
DONE, FAILED = b"+", b"-"

FREEZE_LIMIT_S = 5.0
"""After this the warden answers `FAILED`: something of the candidate's does not stop."""
_ANSWER_LIMIT_S = 30.0


class WardenGone(Exception):
    """The candidate is gone, or its warden does not answer; either way nothing of it is to be believed."""


class NotFrozen(Exception):
    """Something of the candidate's kept running."""


class Control:
    """The judge's end."""

    def __init__(self, connection: socket.socket) -> None:
        self._connection = connection
        self._connection.settimeout(_ANSWER_LIMIT_S)

    def freeze(self) -> None:
        """Stop all that the candidate is.

        Raises:
            NotFrozen: it did not stop within `FREEZE_LIMIT_S`.
            WardenGone: it is no more.
        """
        if self._ask(FREEZE) != DONE:
            raise NotFrozen

    def thaw(self) -> None:
        """Let it go on.

        Raises:
            WardenGone: it is no more.
        """
        self._ask(THAW)

    def end(self) -> None:
        """Kill all that it is, frozen or not; returns when nothing is left. No error if it is gone already."""
        with contextlib.suppress(WardenGone):
            self._ask(END)

    def close(self) -> None:
        """Hang up; the warden ends the candidate if it has not yet."""
        self._connection.close()

    def _ask(self, command: bytes) -> bytes:
        try:
            self._connection.sendall(command)
            answer = self._connection.recv(1)
        except OSError as error:  # TimeoutError among them
            raise WardenGone from error
        if not answer:
            raise WardenGone
        return answer
