"""How many slots a task gets, and how large an arena is."""

import pytest
import torch

from kbwf.judge.memory import EXCESS_BYTES, EXCESS_BYTES_CPU, MAX_SLOTS, arena_bytes, bytes_of_slot, num_slots_of
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


def test_a_slot_holds_the_inputs_and_two_results() -> None:
    """The reference's and the candidate's: 3 + 4 + 2 · (5 + 1)."""
    assert bytes_of_slot(described([3, 4], [5, 1])) == 19


@pytest.mark.parametrize(
    ("slot_bytes", "on_cpu", "on_cuda"),
    [
        (512, 128, 128),  # never more
        (1 * MIB, 65, 128),  # one for the task and 64 MiB beside it
        (8 * MIB, 9, 65),
        (64 * MIB, 2, 9),
        (65 * MIB, 1, 8),
        (5000 * MIB, 1, 1),  # a task is judged whatever it needs
    ],
)
def test_slots_are_as_many_as_a_bounded_excess_allows(slot_bytes: int, on_cpu: int, on_cuda: int) -> None:
    """64 MiB on the CPU, 512 on a GPU, beside the one that the task needs anyway."""
    assert (MAX_SLOTS, EXCESS_BYTES_CPU, EXCESS_BYTES) == (128, 64 * MIB, 512 * MIB)
    description = described([slot_bytes // 2], [slot_bytes // 4])
    assert num_slots_of(description, CPU) == on_cpu
    assert num_slots_of(description, CUDA) == on_cuda


@pytest.mark.parametrize(
    ("peak_bytes", "num_slots", "expected"),
    [
        (0, 1, 64 * MIB),  # what torch's allocator needs to move
        (80 * MIB, 1, 164 * MIB),  # and a quarter more than was seen
        (80 * MIB, 9, 236 * MIB),  # and a result of 8 MiB for each other slot, with an eighth more
        (1, 1, 66 * MIB),  # whole segments
    ],
)
def test_an_arena_holds_what_a_call_needs_and_the_other_slots_results(
    peak_bytes: int, num_slots: int, expected: int
) -> None:
    """In segments of 2 MiB."""
    assert arena_bytes(described([MIB], [8 * MIB], peak_bytes), num_slots) == expected
