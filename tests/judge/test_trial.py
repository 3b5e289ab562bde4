"""Kernels that would be fast if the judge believed them: what they skip, keep or postpone is wrong or counts."""

import re

import pytest

from kbwf.judge import requests, timer
from kbwf.judge.bench import Bench
from kbwf.judge.card import Reading
from kbwf.judge.clock import Clock
from kbwf.judge.measurement import NUM_SINGLE_BLOCKS, PLANS, calls_of, summarize
from kbwf.judge.reference import Reference
from kbwf.judge.slots import InputSlots
from kbwf.records import EvalStatus, Task
from kbwf.settings import EvaluationSettings
from kbwf.stages.evaluate_kernel import EvaluateHandler
from tests.judge.problems import FAST, HONEST_FORWARD, HONEST_KERNEL, judge, kernel_of, task_of
from tests.judge.quirks import TASKS, kernel, quirk

STATUS = EvalStatus
FULL = EvaluationSettings(**{**FAST.model_dump(), "mode": "full"})

KEEP = """if not hasattr(self, "kept"):
    self.kept = {{}}
key = {key}
if key not in self.kept:
    self.kept[key] = (x * self.weight).sum(dim=-1)
return self.kept[key]"""
NO_INPUT_TWICE = """seen = self.__dict__.setdefault("seen", set())
key = x.numpy().tobytes()
assert key not in seen, "seen before"
seen.add(key)
return (x * self.weight).sum(dim=-1)"""
LATER = """import threading, time
result = torch.empty(64)
self.calls = getattr(self, "calls", 0) + 1
if self.calls == 1:
    return (x * self.weight).sum(dim=-1)
def work():
    time.sleep(0.5)
    result.copy_((x * self.weight).sum(dim=-1))
threading.Thread(target=work).start()
return result"""
SLEEPY = "import time\ntime.sleep(0.02)\n" + HONEST_FORWARD
NO_TIME = """import time
for name in ("time", "perf_counter", "perf_counter_ns", "monotonic", "monotonic_ns", "process_time"):
    setattr(time, name, lambda: 0)
"""
FORGE = """import sys
from kbwf.sandbox import messages
frame = sys._getframe()
while "connection" not in frame.f_locals:
    frame = frame.f_back
request = frame.f_locals["request"]
if {condition}:
    results = [[[x.data_ptr(), *x.stride()]]] * len(request.slots)
    messages.send(frame.f_locals["connection"], messages.Done(results=results))
    import time
    time.sleep(60)
"""


def plain(task: Task, num_inputs: int = 1) -> Task:
    """The task, but that its inputs admit no variation: the one correctness trial is the official one."""
    return task.model_copy(update={"admits": ((),) * num_inputs})


PLAIN = plain(task_of())


@pytest.mark.parametrize("key", ["0", "x.data_ptr()", "x.shape", "(x.data_ptr(), x.stride(), x.dtype)"])
def test_a_result_that_is_kept_is_wrong_once_it_is_timed(
    handler: EvaluateHandler, monkeypatch: pytest.MonkeyPatch, key: str
) -> None:
    """Right in its one correctness trial; but every timed call has inputs of its own, in places used before."""
    monkeypatch.setattr("kbwf.judge.memory.MAX_SLOTS", 3)
    evaluation = judge(handler, kernel_of(KEEP.format(key=key)), PLAIN)
    assert evaluation.status == STATUS.WRONG_VALUES
    assert evaluation.message.startswith("in a timed call: ")
    assert evaluation.official is not None and evaluation.official.num_trials_correct == 1
    assert evaluation.timing is None


def test_no_input_comes_twice(handler: EvaluateHandler) -> None:
    """A kernel that keeps results by all of their input's values never finds one again."""
    evaluation = judge(handler, kernel_of(NO_INPUT_TWICE), settings=FULL)
    assert evaluation.status == STATUS.PASSED, evaluation.message


def test_keeping_results_by_part_of_their_input_gains_nothing(handler: EvaluateHandler) -> None:
    """One row is another in each call, so that the work is done each time: an honest kernel after all."""
    assert judge(handler, kernel_of(KEEP.format(key="x[0].numpy().tobytes()"))).status == STATUS.PASSED


def test_a_result_that_is_written_later_is_wrong(handler: EvaluateHandler) -> None:
    """The thread is frozen with its process; if it wrote before that, it was after elements had been read."""
    evaluation = judge(handler, kernel_of(LATER), PLAIN)
    assert evaluation.status in (STATUS.WRONG_VALUES, STATUS.FLAGGED), evaluation.message
    assert re.search("in a timed call|was not there yet", evaluation.message)


def test_elements_that_were_not_there_when_the_clock_stopped_are_flagged(
    handler: EvaluateHandler, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Also if all is right afterwards."""
    monkeypatch.setattr(requests, "_is_identical", lambda found, later: False)
    evaluation = judge(handler, HONEST_KERNEL)
    assert (evaluation.status, evaluation.message) == (
        STATUS.FLAGGED,
        "a result was not there yet when the kernel's process said so",
    )


def test_a_kernel_that_stops_its_clocks_stops_nobody_else_s(handler: EvaluateHandler) -> None:
    """It sleeps for 20 ms a call, and that is what a call takes at least."""
    evaluation = judge(handler, kernel_of(SLEEPY, top=NO_TIME))
    assert evaluation.status == STATUS.PASSED and evaluation.timing is not None
    assert all(runtime_ms >= 20 for runtime_ms in evaluation.timing.block_runtime_ms)


def test_answering_with_an_input_as_a_result_is_wrong(handler: EvaluateHandler) -> None:
    """Even where the input has the result's values: the judge writes there before it looks."""
    later = "(sys.__dict__.setdefault('calls', []).append(0), len(sys.calls) > 1)[1]"
    for condition in ("True", later):  # in the correctness trials, or only when timed
        forged = kernel(FORGE.format(condition=condition) + "return x.clone()")
        evaluation = judge(handler, forged, plain(TASKS["copy"]))
        assert evaluation.status == STATUS.WRONG_VALUES, evaluation.message
        assert evaluation.message.startswith("in a timed call") == (condition != "True")


def test_an_input_that_is_changed_when_timed_is_seen(handler: EvaluateHandler) -> None:
    """Not only in the correctness trials."""
    count = "self.n = getattr(self, 'n', 0) + 1\nif self.n > 1:\n    x.zero_()"
    evaluation = judge(handler, kernel_of(f"y = (x * self.weight).sum(dim=-1)\n{count}\nreturn y"), PLAIN)
    assert (evaluation.status, evaluation.message) == (
        STATUS.INPUT_CHANGED,
        "an input was changed in place, in a timed call",
    )


def test_an_input_that_was_changed_does_not_reach_the_reference(
    handler: EvaluateHandler, monkeypatch: pytest.MonkeyPatch
) -> None:
    """An index beyond the table would make it fail, for which no kernel could be blamed; here probes see nothing."""
    lookup = plain(quirk("return x[i]", "x, i", "torch.rand(50), torch.randint(0, 50, (64,))"), 2)
    spoil = "y = x[i]\nself.n = getattr(self, 'n', 0) + 1\nif self.n > 1:\n    i[7] = 10**9\nreturn y"
    monkeypatch.setattr("kbwf.judge.inputs.Probes.are_unchanged", lambda self: True)
    assert judge(handler, kernel(spoil, "x, i"), lookup).status == STATUS.PASSED


def test_several_calls_of_a_request_have_inputs_and_results_of_their_own(
    handler: EvaluateHandler, monkeypatch: pytest.MonkeyPatch
) -> None:
    """All of five are compared: the fourth one's result is the third's."""
    asked: list[int] = []
    original = InputSlots.draw

    def draw(self: InputSlots, slots: list[int], seeds: list[int], *, is_official: bool) -> list[list[object]] | None:
        asked.append(len(set(slots)))
        assert len(set(seeds)) == len(seeds)
        return original(self, slots, seeds, is_official=is_official)

    monkeypatch.setattr(InputSlots, "draw", draw)
    forward = "self.n = getattr(self, 'n', 0) + 1\nif self.n != 4:\n    self.last = x * 2\nreturn self.last"
    evaluation = judge(handler, kernel(forward), quirk("return x * 2"), FULL)
    assert evaluation.status == STATUS.WRONG_VALUES
    assert evaluation.official is not None and evaluation.official.num_trials_correct == 3
    assert asked == [1, 1, 1, 5], "three times to try the task's inputs, then the trials"


def test_a_large_task_has_one_slot_and_as_many_trials(
    handler: EvaluateHandler, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Its calls come one by one: five trials, and as many blocks as fifty calls make."""
    monkeypatch.setattr("kbwf.judge.memory.EXCESS_BYTES_CPU", 0)
    evaluation = judge(handler, HONEST_KERNEL, task_of(problem_id=9, rows=8), FULL)
    assert evaluation.status == STATUS.PASSED, evaluation.message
    assert evaluation.official is not None and evaluation.timing is not None
    assert evaluation.official.num_trials_correct == 5
    assert (evaluation.timing.num_blocks, evaluation.timing.num_perf_trials) == (25, 50)


def test_times_that_say_nothing_are_taken_again_with_longer_requests(
    handler: EvaluateHandler, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Twice in vain and then believed; in vain every time, the kernel is flagged."""
    wanted_ms: list[float] = []

    def calls(min_request_ms: float, call_ms: float, num_slots: int) -> int:
        wanted_ms.append(min_request_ms)
        return calls_of(0.0, call_ms, num_slots)

    doubts = [True, True, False]
    monkeypatch.setattr(timer, "calls_of", calls)
    monkeypatch.setattr(timer, "MIN_REQUEST_MS", {"fast": 0.5})
    monkeypatch.setattr(
        timer, "summarize", lambda blocks, overhead_ms: None if doubts.pop(0) else summarize(blocks, 0.0)
    )
    evaluation = judge(handler, HONEST_KERNEL)
    assert evaluation.status == STATUS.PASSED and evaluation.timing is not None
    assert evaluation.timing.num_blocks == 3
    assert wanted_ms == [0.5, 2.0, 8.0]
    doubts += [True] * 4
    evaluation = judge(handler, HONEST_KERNEL)
    assert (evaluation.status, evaluation.message, doubts) == (
        STATUS.FLAGGED,
        "its requests take no longer than empty ones",
        [True],
    )


def test_a_program_that_cannot_be_captured_keeps_the_time_of_its_launches(
    handler: EvaluateHandler, monkeypatch: pytest.MonkeyPatch
) -> None:
    """On the CPU nothing can: the reference's refusal is no fault of anybody's, and nor is the kernel's."""
    monkeypatch.setattr(Bench, "has_graphs", True)
    for can_reference in (False, True):
        if can_reference:
            monkeypatch.setattr(Reference, "capture", lambda self, slots: True)
        evaluation = judge(handler, HONEST_KERNEL)
        assert evaluation.status == STATUS.PASSED and evaluation.timing is not None
        assert evaluation.timing.launched_runtime_ms is None


@pytest.mark.parametrize(("num_hot", "num_again"), [(0, 0), (2, 1), (10_000, PLANS["fast"].num_blocks)])
def test_blocks_of_a_throttled_card_are_timed_again(
    handler: EvaluateHandler, monkeypatch: pytest.MonkeyPatch, num_hot: int, num_again: int
) -> None:
    """As often as the plan has blocks: a card that is throttled all the time is measured as it is, and counted."""
    told = iter([Reading(1200, frozenset({"heat"}))] * num_hot)
    monkeypatch.setattr(Clock, "look", lambda clock: [next(told, Reading(1980, frozenset()))])
    evaluation = judge(handler, HONEST_KERNEL)
    assert evaluation.status == STATUS.PASSED, evaluation.message
    timing = evaluation.timing
    assert timing is not None
    assert timing.num_repeated_blocks == num_again  # two readings a block
    assert timing.num_blocks == PLANS["fast"].num_blocks
    assert timing.held_back_by == (("heat",) if num_hot else ())
    assert timing.clock_mhz == {0: (1980, 1980), 2: (1200, 1980), 10_000: (1200, 1200)}[num_hot]
    if num_hot < 10_000:
        assert timing.num_throttled_blocks == 0
    else:  # those of requests of a single call too, which hold the others to account
        num_singles = NUM_SINGLE_BLOCKS if timing.num_perf_trials > 2 * timing.num_blocks else 0
        assert timing.num_throttled_blocks == timing.num_blocks + num_singles
