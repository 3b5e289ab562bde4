"""How many slots a task gets, and how large an arena is."""

from types import SimpleNamespace

import pytest
import torch

from kbwf.judge.memory import EXCESS_BYTES_CPU, MAX_SLOTS, arena_bytes, bytes_of_slot, num_slots_of
from kbwf.sandbox.messages import Buffer, Description
from kbwf.verdict.tolerance import EXACT
from kbwf.verdict.yardstick import Yardstick

MIB = 1 << 20
CPU, CUDA = torch.device("cpu"), torch.device("cuda")


def described(inputs: list[int], outputs: list[int], peak_bytes: int = 0) -> Description:
    """A task whose inputs and outputs take so many bytes each."""
    buffers = [
        [Buffer(shape=[num_bytes], stride=[1], dtype="uint8", num_slots=1, slot_bytes=num_bytes) for num_bytes in sizes]
        for sizes in (inputs, outputs)
    ]
    return Description(
        arguments=[], inputs=buffers[0], values=[], result=[], outputs=buffers[1], aliases=[], changes_inputs=False,
        equals_itself=True, peak_bytes=peak_bytes, yardstick=Yardstick(EXACT, (), {}, (), True, ""),
    )  # fmt: skip


def test_a_slot_holds_the_inputs_and_the_results_of_both_programs() -> None:
    """The reference's and the candidate's: 3 + 4 + 2 · (5 + 1); on a GPU those of their graphs besides."""
    assert bytes_of_slot(described([3, 4], [5, 1]), CPU) == 19
    assert bytes_of_slot(described([3, 4], [5, 1]), CUDA) == 31


@pytest.mark.parametrize(
    ("slot_bytes", "expected"),
    [
        (512, 128),  # never more
        (1 * MIB, 65),  # one for the task and 64 MiB beside it
        (8 * MIB, 9),
        (64 * MIB, 2),
        (65 * MIB, 1),
        (5000 * MIB, 1),  # a task is judged whatever it needs
    ],
)
def test_slots_are_as_many_as_a_bounded_excess_allows(slot_bytes: int, expected: int) -> None:
    """64 MiB on the CPU, beside the one that the task needs anyway."""
    assert (MAX_SLOTS, EXCESS_BYTES_CPU) == (128, 64 * MIB)
    assert num_slots_of(described([slot_bytes // 2], [slot_bytes // 4]), CPU) == expected


@pytest.mark.parametrize(
    ("slot_mib", "peak_mib", "expected"),
    [
        (1, 1, 128),
        (320, 128, 17),  # one, and a sixteenth of 80 GiB: 5,120 MiB
        (320, 2500, 17),  # 9,258 MiB are needed with all that is beside: less than an eighth
        (320, 4000, 2),  # 13,072: more, and then 512 MiB
        (513, 4000, 1),
        (5000, 1, 2),
        (5121, 1, 1),
    ],
)
def test_slots_of_a_small_task_may_take_more_of_a_gpu(
    monkeypatch: pytest.MonkeyPatch, slot_mib: int, peak_mib: int, expected: int
) -> None:
    """A card of 80 GiB; a slot is a fifth inputs, and four results."""
    card = SimpleNamespace(total_memory=80 << 30)
    monkeypatch.setattr(torch.cuda, "get_device_properties", lambda device: card)
    fifth = slot_mib * MIB // 5
    assert num_slots_of(described([slot_mib * MIB - 4 * fifth], [fifth], peak_mib * MIB), CUDA) == expected


@pytest.mark.parametrize(
    ("peak_bytes", "num_slots", "expected"),
    [
        (0, 1, 64 * MIB),  # what torch's allocator needs to move
        (80 * MIB, 1, 164 * MIB),  # and a quarter more than was seen
        (80 * MIB, 9, 408 * MIB),  # and a result of 8 MiB for each other slot, with an eighth more; for a graph as well
        (1, 1, 66 * MIB),  # whole segments
    ],
)
def test_an_arena_holds_what_a_call_needs_and_the_other_slots_results(
    peak_bytes: int, num_slots: int, expected: int
) -> None:
    """In segments of 2 MiB."""
    assert arena_bytes(described([MIB], [8 * MIB], peak_bytes), num_slots) == expected
