"""One message of the warm processes' sockets: four bytes of length, then JSON. Standard library only."""

import json
import socket


def send_frame(connection: socket.socket, value: dict) -> None:
    """Send one message.

    Raises:
        OSError: the other side is gone.
    """
    body = json.dumps(value).encode()
    connection.sendall(len(body).to_bytes(4, "big") + body)


def receive_frame(connection: socket.socket) -> dict | None:
    """The next message, or None when the other side has gone before it was whole."""
    try:
        head = _receive_exactly(connection, 4)
        body = _receive_exactly(connection, int.from_bytes(head, "big")) if head else None
    except ConnectionError:  # it ended with bytes of ours unread
        return None
    return json.loads(body) if body else None


def _receive_exactly(connection: socket.socket, count: int) -> bytes | None:
    parts = bytearray()
    while len(parts) < count:
        part = connection.recv(min(count - len(parts), 1 << 20))
        if not part:
            return None
        parts += part
    return bytes(parts)
