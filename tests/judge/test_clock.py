"""What lies between the clock's start and its end, told by everybody who is asked for something."""

import time
from typing import Any

import pytest
import torch

from kbwf.judge import clock as clock_module
from kbwf.judge.clock import Clock
from kbwf.judge.results import Claims, Probes
from kbwf.sandbox import messages
from kbwf.sandbox.channel import Closed, ProtocolError
from kbwf.sandbox.messages import Buffer, Done, Failed, Run

OUTPUTS = [Buffer(shape=[3], stride=[1], dtype="float32", num_slots=1, slot_bytes=512)]
FOUND = [torch.ones(2)]


class Asked:
    """A runner, its results and the time at once; remembers the order of what they were asked for."""

    def __init__(self, answer: Any, *, probe_error: Exception | None = None, freeze_error: Exception | None = None):
        self.answer, self.probe_error, self.freeze_error = answer, probe_error, freeze_error
        self.log: list[str] = []
        self.frames: list[bytes] = []
        self.now_ns = 0

    def ask_frozen(self, frame: bytes, *kinds: type) -> Any:
        """Takes 7 ms."""
        self.log.append("ask")
        self.frames.append(frame)
        self.now_ns += 7_000_000
        if isinstance(self.answer, Exception):
            raise self.answer
        return self.answer

    def probe(self, claims: Claims, probes: Probes) -> list[torch.Tensor]:
        """Takes half a millisecond."""
        self.log.append("probe")
        self.now_ns += 500_000
        if self.probe_error is not None:
            raise self.probe_error
        return FOUND

    def freeze(self) -> None:
        """Takes a second."""
        self.log.append("freeze")
        self.now_ns += 1_000_000_000
        if self.freeze_error is not None:
            raise self.freeze_error

    def perf_counter_ns(self) -> int:
        """Of this world."""
        self.log.append("clock")
        return self.now_ns


@pytest.fixture
def asking(monkeypatch: pytest.MonkeyPatch) -> Any:
    """Makes an `Asked` and a clock that goes by its time."""

    def make(answer: Any, **errors: Any) -> tuple[Asked, Clock]:
        asked, clock = Asked(answer, **errors), Clock(torch.device("cpu"))
        encode, choose = messages.encode, clock_module.choose_probes
        monkeypatch.setattr(time, "perf_counter_ns", asked.perf_counter_ns)
        monkeypatch.setattr(messages, "encode", lambda request: (asked.log.append("encode"), encode(request))[1])
        monkeypatch.setattr(
            clock_module, "choose_probes", lambda *arguments: (asked.log.append("choose"), choose(*arguments))[1]
        )
        monkeypatch.setattr(clock, "_settle", lambda: asked.log.append("settle"))
        return asked, clock

    return make


def test_the_clock_runs_from_the_question_until_elements_of_the_results_were_read(asking: Any) -> None:
    """Encoding, the choice of places and a cold cache come before it, freezing after it."""
    answer = Done(results=[[[0, 1]], [[64, 1]]])
    asked, clock = asking(answer)
    took_ms, found_answer, probes, found = clock.time(asked, Run(slots=[1, 0]), asked, OUTPUTS)
    assert asked.log == ["encode", "choose", "settle", "clock", "ask", "probe", "clock", "freeze"]
    assert took_ms == 7.5
    assert found_answer is answer and found is FOUND
    assert probes.coordinates_L_C_N_D[0].shape == (2, 32, 1)
    assert messages._checked(asked.frames[0][4:], (Run,)) == Run(slots=[1, 0])


def test_an_empty_request_is_asked_for_nothing_more(asking: Any) -> None:
    """No results, no probes; the same clock."""
    asked, clock = asking(Done())
    assert clock.time(asked, Run(slots=[]), asked, OUTPUTS)[::3] == (7.0, [])
    assert asked.log == ["encode", "choose", "settle", "clock", "ask", "clock", "freeze"]


def test_an_empty_request_costs_what_reading_the_last_results_costs(asking: Any) -> None:
    """As many elements as with the request that they are of; one that has results of its own reads those."""
    asked, clock = asking(Done())
    took_ms, _, probes, found = clock.time(asked, Run(slots=[]), asked, OUTPUTS, [[[0, 1]]] * 4)
    assert (took_ms, found) == (7.5, FOUND)
    assert probes.coordinates_L_C_N_D[0].shape == (4, 16, 1)
    assert asked.log == ["encode", "choose", "settle", "clock", "ask", "probe", "clock", "freeze"]
    asked, clock = asking(Done(results=[[[0, 1]]]))
    probes = clock.time(asked, Run(slots=[0]), asked, OUTPUTS, [[[0, 1]]] * 4)[2]
    assert probes.coordinates_L_C_N_D[0].shape == (1, 64, 1)


def test_a_failure_is_an_answer_without_results(asking: Any) -> None:
    """Handed on as it is."""
    failed = Failed(error="ValueError: no")
    asked, clock = asking(failed)
    assert clock.time(asked, Run(slots=[0]), asked, OUTPUTS)[1] is failed
    assert asked.log[-3:] == ["ask", "clock", "freeze"]


@pytest.mark.parametrize(
    ("answer", "errors", "expected"),
    [
        (Done(results=[[[0, 1]]]), {"probe_error": ProtocolError("a result nowhere")}, "a result nowhere"),
        (Done(results=[[[0, 1]]]), {"probe_error": ValueError("odd")}, "odd"),
        (Done(results=[]), {}, "for 1 calls"),
        (Done(results=[[[0, 1]]] * 2), {}, "for 1 calls"),
        (ProtocolError("noise"), {}, "noise"),
        (ProtocolError("noise"), {"freeze_error": Closed()}, "noise"),  # it ended after it spoke
        (TimeoutError("late"), {}, "late"),
        (Closed("gone"), {"freeze_error": Closed("again")}, "gone"),
    ],
)
def test_a_runner_is_frozen_afterwards_whatever_happens(
    asking: Any, answer: Any, errors: dict[str, Any], expected: str
) -> None:
    """And what happened first is what is raised."""
    asked, clock = asking(answer, **errors)
    with pytest.raises(Exception, match=expected):
        clock.time(asked, Run(slots=[0]), asked, OUTPUTS)
    assert asked.log[-1] == "freeze" and asked.log.count("freeze") == 1


def test_before_each_request_a_cache_full_is_written() -> None:
    """More than the last level of a cache holds."""
    clock = Clock(torch.device("cpu"))
    clock._flushed.fill_(1)
    clock._settle()
    assert len(clock._flushed) == 64 << 20
    assert not clock._flushed.any()
