"""Frames between judge and runner: what arrives, and what is refused."""

import os
import socket
import threading
import time
from collections.abc import Iterator

import pytest

from kbwf.sandbox.channel import MAX_FRAME_BYTES, Closed, ProtocolError, frame_of, receive, send, send_frame

Pair = tuple[socket.socket, socket.socket]


@pytest.fixture
def pair() -> Iterator[Pair]:
    """Two connected sockets."""
    ours, theirs = socket.socketpair()
    with ours, theirs:
        yield ours, theirs


def soon() -> float:
    """A deadline that no test reaches."""
    return time.monotonic() + 600


def test_frames_arrive_in_order_and_unchanged(pair: Pair) -> None:
    """Two at once are received one by one, an empty one too."""
    ours, theirs = pair
    send(theirs, b"\x00\xff one")
    send_frame(theirs, frame_of(b""))
    assert receive(ours, soon()) == (b"\x00\xff one", [])
    assert receive(ours) == (b"", [])


def test_a_frame_is_its_length_and_its_body() -> None:
    """Four bytes, the most significant first."""
    assert frame_of(b"abc") == b"\0\0\0\3abc"


def test_descriptors_arrive_where_they_are_expected(pair: Pair) -> None:
    """Twenty of them, more than a task has inputs; each opens the sender's file, and no child inherits it."""
    ours, theirs = pair
    file = os.memfd_create("kbwf-test")
    os.write(file, b"here")
    send(theirs, b"buffers", [file] * 20)
    body, descriptors = receive(ours, with_descriptors=True)
    assert (body, len(descriptors)) == (b"buffers", 20)
    assert os.pread(descriptors[-1], 10, 0) == b"here"
    assert not any(map(os.get_inheritable, descriptors))
    for descriptor in (file, *descriptors):
        os.close(descriptor)


def test_descriptors_nobody_asked_for_are_dropped(pair: Pair) -> None:
    """The frame arrives, no file is opened."""
    ours, theirs = pair
    with open(os.devnull, "rb") as file:
        before = len(os.listdir("/proc/self/fd"))
        send(theirs, b"x", [file.fileno()] * 10)
        assert receive(ours) == (b"x", [])
        assert len(os.listdir("/proc/self/fd")) == before


@pytest.mark.parametrize("length", [MAX_FRAME_BYTES + 1, 2**32 - 1])
def test_what_is_too_long_is_refused_before_it_came(pair: Pair, length: int) -> None:
    """The head alone is a protocol error: no memory for what is only announced."""
    ours, theirs = pair
    theirs.sendall(length.to_bytes(4, "big"))
    with pytest.raises(ProtocolError, match=f"a message of {length} bytes"):
        receive(ours, soon())


def test_a_frame_of_the_largest_size_is_accepted(pair: Pair) -> None:
    """The bound itself is still within, although it is more than a socket holds at once."""
    ours, theirs = pair
    sending = threading.Thread(target=send, args=(theirs, b"x" * MAX_FRAME_BYTES))
    sending.start()
    assert receive(ours, soon())[0] == b"x" * MAX_FRAME_BYTES
    sending.join()


@pytest.mark.parametrize("data", [b"", b"\0\0", b"\0\0\0\x09abc"], ids=["at_once", "in_head", "in_body"])
def test_an_end_in_the_middle_is_closed(pair: Pair, data: bytes) -> None:
    """Wherever the other side stops."""
    ours, theirs = pair
    theirs.sendall(data)
    theirs.close()
    with pytest.raises(Closed):
        receive(ours, soon())


def test_an_end_with_our_frame_unread_is_closed(pair: Pair) -> None:
    """The system reports a reset then, which means the same; and nothing can be sent any more."""
    ours, theirs = pair
    send(ours, b"check")
    theirs.close()
    with pytest.raises(Closed):
        receive(ours, soon())
    for descriptors in (None, [0]):
        with pytest.raises(Closed):
            send(ours, b"check", descriptors)


@pytest.mark.parametrize("data", [b"", b"\0", b"\0\0\0\x0a{"], ids=["silent", "in_head", "in_body"])
def test_a_deadline_holds_wherever_the_other_side_falls_silent(pair: Pair, data: bytes) -> None:
    """A timeout, after the deadline and not before."""
    ours, theirs = pair
    theirs.sendall(data)
    deadline_s = time.monotonic() + 0.05
    with pytest.raises(TimeoutError):
        receive(ours, deadline_s)
    assert time.monotonic() >= deadline_s


def test_a_deadline_in_the_past_is_a_timeout_at_once(pair: Pair) -> None:
    """Even if a frame waits."""
    ours, theirs = pair
    send(theirs, b"")
    with pytest.raises(TimeoutError):
        receive(ours, time.monotonic() - 1)
