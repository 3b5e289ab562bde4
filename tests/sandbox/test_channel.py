"""Messages between judge and runner: what arrives, and what is refused."""

import json
import os
import socket
import time
from collections.abc import Iterator

import pytest

from kbwf.sandbox.channel import MAX_MESSAGE_BYTES, Closed, ProtocolError, receive, send

Pair = tuple[socket.socket, socket.socket]


@pytest.fixture
def pair() -> Iterator[Pair]:
    """Two connected sockets."""
    ours, theirs = socket.socketpair()
    with ours, theirs:
        yield ours, theirs


def raw(body: bytes, length: int | None = None) -> bytes:
    """A message as bytes, its length claimed as given."""
    return (len(body) if length is None else length).to_bytes(4, "big") + bytes(1) + body


def test_messages_arrive_in_order_and_unchanged(pair: Pair) -> None:
    """Two messages sent at once are received one by one."""
    ours, theirs = pair
    send(theirs, {"a": [1, 2.5, None, "ü"]})
    send(theirs, {})
    assert receive(ours, time.monotonic() + 60) == ({"a": [1, 2.5, None, "ü"]}, [])
    assert receive(ours) == ({}, [])


def test_descriptors_arrive_where_they_are_expected(pair: Pair) -> None:
    """Twenty of them, more than a task has inputs; each opens the sender's file."""
    ours, theirs = pair
    file = os.memfd_create("kbwf-test")
    os.write(file, b"here")
    send(theirs, {"buffers": 20}, [file] * 20)
    _, descriptors = receive(ours, with_descriptors=True)
    assert len(descriptors) == 20
    assert os.pread(descriptors[-1], 10, 0) == b"here"
    for descriptor in (file, *descriptors):
        os.close(descriptor)


def test_descriptors_nobody_asked_for_are_dropped(pair: Pair) -> None:
    """The message arrives, no file is opened."""
    ours, theirs = pair
    with open(os.devnull, "rb") as file:
        before = len(os.listdir("/proc/self/fd"))
        send(theirs, {"x": 1}, [file.fileno()] * 10)
        assert receive(ours) == ({"x": 1}, [])
        assert len(os.listdir("/proc/self/fd")) == before


@pytest.mark.parametrize(
    "data",
    [
        b"\xff" * 64,
        raw(b"{}", MAX_MESSAGE_BYTES + 1),
        raw(b"not json"),
        raw(b"[1]"),
        raw(b"null"),
        raw(b""),
        raw(b"\xff\xfe"),
        raw(b"[" * 100_000),
        raw(b'{"a": ' + b"9" * 10_000 + b"}"),
    ],
    ids=["noise", "too_long", "text", "list", "null", "empty", "no_utf8", "deep", "huge_integer"],
)
def test_what_is_no_message_is_a_protocol_error(pair: Pair, data: bytes) -> None:
    """Never another exception, and never memory for what is only announced."""
    ours, theirs = pair
    theirs.settimeout(5)
    theirs.sendall(data)
    with pytest.raises(ProtocolError):
        receive(ours, time.monotonic() + 60)


def test_a_message_of_the_largest_size_is_accepted(pair: Pair) -> None:
    """The bound itself is still within."""
    ours, theirs = pair
    body = json.dumps({"a": ""}).encode()
    text = "x" * (MAX_MESSAGE_BYTES - len(body))
    ours.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4 << 20)
    theirs.setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, 4 << 20)
    if os.fork() == 0:
        send(theirs, {"a": text})
        os._exit(0)
    assert receive(ours, time.monotonic() + 60)[0] == {"a": text}
    os.wait()


@pytest.mark.parametrize("data", [b"", b"\0\0", raw(b'{"a"', 50)], ids=["at_once", "in_head", "in_body"])
def test_an_end_in_the_middle_is_closed(pair: Pair, data: bytes) -> None:
    """Wherever the other side stops."""
    ours, theirs = pair
    theirs.sendall(data)
    theirs.close()
    with pytest.raises(Closed):
        receive(ours, time.monotonic() + 60)


def test_an_end_with_our_message_unread_is_closed(pair: Pair) -> None:
    """The system reports a reset then, which means the same."""
    ours, theirs = pair
    send(ours, {"do": "check"})
    theirs.close()
    with pytest.raises(Closed):
        receive(ours, time.monotonic() + 60)
    with pytest.raises(Closed):
        send(ours, {"do": "check"})


@pytest.mark.parametrize("data", [b"", b"\0", raw(b"{", 10)], ids=["silent", "in_head", "in_body"])
def test_a_deadline_holds_wherever_the_other_side_falls_silent(pair: Pair, data: bytes) -> None:
    """Not before 0.1 s have passed."""
    ours, theirs = pair
    theirs.sendall(data)
    started_s = time.monotonic()
    with pytest.raises(TimeoutError):
        receive(ours, started_s + 0.1)
    assert time.monotonic() - started_s >= 0.1


def test_a_deadline_in_the_past_is_a_timeout_at_once(pair: Pair) -> None:
    """Even if a message waits."""
    ours, theirs = pair
    send(theirs, {})
    with pytest.raises(TimeoutError):
        receive(ours, time.monotonic() - 1)
