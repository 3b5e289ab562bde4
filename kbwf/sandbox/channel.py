"""How judge and runner talk: JSON over a socket pair, with file descriptors beside it where memory is shared.

Nothing is ever unpickled. What a candidate sends is hostile: messages are bounded, must be JSON objects, and only plain
fields of the expected type are read from them.
"""

import array
import json
import socket
import time
from typing import Any

MAX_MESSAGE_BYTES = 1 << 20
_MAX_DESCRIPTORS = 253  # the kernel's own bound for one message


class ProtocolError(Exception):
    """The other side sent something that is no message."""


class Closed(Exception):
    """The other side is gone."""


def send(connection: socket.socket, message: dict[str, Any], descriptors: list[int] | None = None) -> None:
    """Send one message, with file descriptors for the receiver if any."""
    body = json.dumps(message).encode()
    head = len(body).to_bytes(4, "big") + len(descriptors or []).to_bytes(1, "big")
    try:
        if descriptors:
            rights = array.array("i", descriptors).tobytes()
            connection.sendmsg([head], [(socket.SOL_SOCKET, socket.SCM_RIGHTS, rights)])
        else:
            connection.sendall(head)
        connection.sendall(body)
    except (BrokenPipeError, ConnectionResetError) as error:
        raise Closed from error


def receive(
    connection: socket.socket, deadline_s: float | None = None, *, with_descriptors: bool = False
) -> tuple[dict[str, Any], list[int]]:
    """The next message and the descriptors sent with it.

    Args:
        deadline_s: `time.monotonic()` at which to give up.
        with_descriptors: take the sender's descriptors; otherwise the system drops them, so that none pile up here.

    Raises:
        TimeoutError: the deadline passed.
        Closed: the other side closed, or died.
        ProtocolError: no JSON object, or one that is too long.
    """
    descriptors: list[int] = []
    head = b""
    while len(head) < 5:
        _wait(connection, deadline_s)
        room = socket.CMSG_SPACE(_MAX_DESCRIPTORS * 4) if with_descriptors else 0
        part, ancillary = _receive_part(connection, 5 - len(head), room)
        for level, kind, data in ancillary:
            if level == socket.SOL_SOCKET and kind == socket.SCM_RIGHTS:
                received = array.array("i")
                received.frombytes(data[: len(data) - len(data) % received.itemsize])
                descriptors += received
        if not part:
            raise Closed
        head += part
    length = int.from_bytes(head[:4], "big")
    if length > MAX_MESSAGE_BYTES:
        raise ProtocolError(f"a message of {length} bytes")
    body = bytearray()
    while len(body) < length:
        _wait(connection, deadline_s)
        part, _ = _receive_part(connection, length - len(body), 0)
        if not part:
            raise Closed
        body += part
    try:
        message = json.loads(bytes(body))
    except (ValueError, RecursionError) as error:
        raise ProtocolError(f"no JSON: {error}") from error
    if not isinstance(message, dict):
        raise ProtocolError(f"a {type(message).__name__} instead of an object")
    return message, descriptors


def _receive_part(connection: socket.socket, count: int, room: int) -> tuple[bytes, list[tuple[int, int, bytes]]]:
    try:
        return connection.recvmsg(count, room)[:2]
    except ConnectionResetError as error:  # it ended with a message of ours unread
        raise Closed from error


def _wait(connection: socket.socket, deadline_s: float | None) -> None:
    if deadline_s is None:
        connection.settimeout(None)
        return
    left_s = deadline_s - time.monotonic()
    if left_s <= 0:
        raise TimeoutError
    connection.settimeout(left_s)
