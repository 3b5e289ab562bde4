"""Frames over a socket pair between processes that do not trust each other: length, bytes, and descriptors if wanted.

Nothing is ever unpickled. What a candidate sends is hostile: a frame is bounded, and `messages` checks what is in it.
"""

import os
import socket
import time

MAX_FRAME_BYTES = 1 << 20
_MAX_DESCRIPTORS = 253  # the kernel's own bound for one message


class ProtocolError(Exception):
    """The other side sent something that is no message."""


class Closed(Exception):
    """The other side is gone."""


def frame_of(body: bytes) -> bytes:
    """What goes over the wire for a body: to be made before a clock starts."""
    return len(body).to_bytes(4, "big") + body


def send(connection: socket.socket, body: bytes, descriptors: list[int] | None = None) -> None:
    """Send one frame, with file descriptors for the receiver if any.

    Raises:
        Closed: the other side is gone.
    """
    send_frame(connection, frame_of(body), descriptors)


def send_frame(connection: socket.socket, frame: bytes, descriptors: list[int] | None = None) -> None:
    """The same for a frame that was made before."""
    try:
        if descriptors:
            sent = socket.send_fds(connection, [frame], descriptors)
            frame = frame[sent:]
        connection.sendall(frame)
    except (BrokenPipeError, ConnectionResetError) as error:
        raise Closed from error


def receive(
    connection: socket.socket, deadline_s: float | None = None, *, with_descriptors: bool = False
) -> tuple[bytes, list[int]]:
    """The next body and the descriptors sent with it.

    Args:
        deadline_s: `time.monotonic()` at which to give up.
        with_descriptors: take the sender's descriptors; otherwise the system drops them, so that none pile up here.

    Raises:
        TimeoutError: the deadline passed.
        Closed: the other side closed, or died.
        ProtocolError: the frame is too long.
    """
    descriptors: list[int] = []
    head = b""
    while len(head) < 4:
        part = _part(connection, 4 - len(head), deadline_s, descriptors if with_descriptors else None)
        head += part
    length = int.from_bytes(head, "big")
    if length > MAX_FRAME_BYTES:
        raise ProtocolError(f"a message of {length} bytes")
    body = bytearray()
    while len(body) < length:
        body += _part(connection, length - len(body), deadline_s, None)
    return bytes(body), descriptors


def _part(connection: socket.socket, count: int, deadline_s: float | None, descriptors: list[int] | None) -> bytes:
    if deadline_s is None:
        connection.settimeout(None)
    else:
        left_s = deadline_s - time.monotonic()
        if left_s <= 0:
            raise TimeoutError
        connection.settimeout(left_s)
    try:
        if descriptors is None:
            part = connection.recv(count)
        else:
            part, received, _, _ = socket.recv_fds(connection, count, _MAX_DESCRIPTORS)
            for descriptor in received:
                os.set_inheritable(descriptor, False)
            descriptors += received
    except ConnectionResetError as error:  # it ended with a message of ours unread
        raise Closed from error
    if not part:
        raise Closed
    return part
