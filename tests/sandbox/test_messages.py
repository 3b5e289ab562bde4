"""The vocabulary of judge, launcher and runner, and what a hostile runner sends instead."""

import json
import socket
import typing
from collections.abc import Iterator
from typing import Any

import pytest

from kbwf.records import EvalStatus
from kbwf.sandbox import channel, messages
from kbwf.sandbox.channel import ProtocolError
from kbwf.sandbox.messages import (
    Buffer,
    Build,
    Capture,
    Describe,
    Description,
    Done,
    End,
    Ended,
    Failed,
    Load,
    Loaded,
    Misfit,
    MisfitKind,
    Open,
    Ready,
    Run,
    Start,
    Started,
)
from kbwf.verdict.tolerance import EXACT, RefError
from kbwf.verdict.yardstick import Yardstick

Pair = tuple[socket.socket, socket.socket]

BUFFER = Buffer(shape=[2, 3], stride=[3, 1], dtype="float32", num_slots=4, slot_bytes=512)
ARGUMENTS = [["tensor"], ["dict", [[0, ["value"]], ["key", ["list", [["tensor"]]]]]]]
YARDSTICK = Yardstick(
    RefError(1e-7, 2e-7, 0.0, 9, 3e-8),
    (("shifted",), ()),
    {"shifted": EXACT},
    ("zeros",),
    is_decidable=True,
    own_failure="no",
)
MESSAGES = [
    Start(device="cuda:0", num_threads=2, max_memory_gb=1.5, shown=["/a", "/b"], others_can_read=True),
    Started(pid=7),
    End(pid=7, grace_s=0.5),
    Ended(code=137),
    Open(),
    Open(inputs=[BUFFER], num_slots=4, arena=BUFFER, outputs=[BUFFER], arguments=ARGUMENTS, result=["tensor"]),
    Ready(applied=["rlimits"], missing=["net namespace (EPERM)"]),
    Build(reference_source="x = 1", source="y = 2", cuda_arch="9.0+PTX"),
    Load(reference_source="x = 'ü'", source=None, weights_seed=42, is_training=True),
    Loaded(),
    Describe(seed=2**61, admits=None),
    Describe(seed=1, admits=(("signed", "heavy_tailed"), ())),
    Description(
        arguments=ARGUMENTS, inputs=[BUFFER], values=[None, True, 1, 2.5, "x", {"float": "inf"}, [1]],
        result=["tensor"], outputs=[BUFFER], aliases=[False], changes_inputs=True, equals_itself=True, peak_bytes=9,
        yardstick=YARDSTICK,
    ),
    Run(slots=[3, 0, 3], values=[[1, {"complex": ["0.0", "2.0"]}], [], [None]], with_graph=True),
    Capture(slots=[1]),
    Done(results=[[[512, 3, 1], [0]], [[2**46]]]),
    Misfit(what="wrong_shape", found="[1]", expected="[2]", num_done=1),
    Failed(error="ValueError: no", trace="Traceback", is_out_of_memory=True, num_done=3),
]  # fmt: skip


@pytest.fixture
def pair() -> Iterator[Pair]:
    """Two connected sockets."""
    ours, theirs = socket.socketpair()
    with ours, theirs:
        yield ours, theirs


@pytest.mark.parametrize("message", MESSAGES, ids=lambda message: message.kind)
def test_a_message_arrives_as_it_was_sent(pair: Pair, message: Any) -> None:
    """Equal, and of the same type."""
    ours, theirs = pair
    messages.send(theirs, message)
    found = messages.receive(ours, type(message))
    assert type(found) is type(message)
    assert found == message


def test_no_message_is_left_out_of_this_test() -> None:
    """Every member of the vocabulary is among those sent above, under a name of its own."""
    union = typing.get_args(typing.get_args(messages.Message)[0])
    assert set(union) == set(map(type, MESSAGES))
    assert len({kind.model_fields["kind"].default for kind in union}) == len(union)


def test_a_misfit_is_called_as_the_status_it_ends_an_evaluation_with() -> None:
    """The judge makes one of the other, of whatever kind may be told."""
    kinds = typing.get_args(MisfitKind)
    assert [EvalStatus(kind) for kind in kinds] == list(kinds)


def test_descriptors_come_beside_a_message(pair: Pair) -> None:
    """As many as were sent."""
    ours, theirs = pair
    messages.send(theirs, Open(), [0, 0])
    message, descriptors = messages.receive_with_descriptors(ours, Open)
    assert message == Open()
    assert len(descriptors) == 2
    for descriptor in descriptors:
        socket.close(descriptor)


HOSTILE = {
    "noise": b"\xff\xfe\x00",
    "empty": b"",
    "text": b"done",
    "list": b"[1]",
    "null": b"null",
    "number": b"1e999",
    "no_kind": b"{}",
    "unknown_kind": b'{"kind": "reveal"}',
    "kind_of_another_type": b'{"kind": ["done"]}',
    "extra_field": b'{"kind": "done", "results": [], "times_ms": [0.001]}',
    "text_for_a_number": b'{"kind": "done", "results": [[["0"]]]}',
    "float_for_an_integer": b'{"kind": "done", "results": [[[0.5]]]}',
    "whole_float_for_an_integer": b'{"kind": "done", "results": [[[1.0]]]}',
    "truth_for_an_integer": b'{"kind": "done", "results": [[[true]]]}',
    "nan": b'{"kind": "done", "results": [[[NaN]]]}',
    "infinity": b'{"kind": "done", "results": [[[Infinity]]]}',
    "huge_integer": b'{"kind": "done", "results": [[[' + b"9" * 10_000 + b"]]]}",
    "too_shallow": b'{"kind": "done", "results": [[1]]}',
    "too_deep": b'{"kind": "done", "results": ' + b"[" * 100_000 + b"]" * 100_000 + b"}",
    "unfinished": b'{"kind": "done", "results": [[',
    "missing_field": b'{"kind": "misfit", "what": "wrong_shape"}',
    "unknown_reason": b'{"kind": "misfit", "what": "x", "found": "", "expected": "", "num_done": 0}',
    "long_error": json.dumps({"kind": "failed", "error": "x" * 501}).encode(),
    "long_trace": json.dumps({"kind": "failed", "error": "", "trace": "x" * 8001}).encode(),
    "half_a_character": b'{"kind": "failed", "error": "\\ud800"}',
}


@pytest.mark.parametrize("body", HOSTILE.values(), ids=HOSTILE.keys())
def test_what_is_no_message_is_a_protocol_error_and_nothing_else(pair: Pair, body: bytes) -> None:
    """With a short reason, whatever was sent."""
    ours, theirs = pair
    channel.send(theirs, body)
    with pytest.raises(ProtocolError) as caught:
        messages.receive(ours, Done, Misfit, Failed)
    assert len(str(caught.value)) < 300


@pytest.mark.parametrize(
    "message", [Loaded(), Run(slots=[]), Ready(applied=[], missing=[])], ids=lambda each: each.kind
)
def test_a_message_out_of_turn_is_a_protocol_error(pair: Pair, message: Any) -> None:
    """Right in itself, but not what may come now."""
    ours, theirs = pair
    messages.send(theirs, message)
    with pytest.raises(ProtocolError, match=f"'{message.kind}' out of turn"):
        messages.receive(ours, Done, Failed)


def test_a_huge_address_is_a_number_like_any_other(pair: Pair) -> None:
    """Whether something lies there is for the reader of results to find out."""
    ours, theirs = pair
    channel.send(theirs, b'{"kind": "done", "results": [[[123456789012345678901234567890, -1]]]}')
    assert messages.receive(ours, Done).results == [[[123456789012345678901234567890, -1]]]
