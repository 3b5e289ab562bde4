"""Where results lie, and which the judge can read there."""

import ctypes
from types import SimpleNamespace
from typing import Any

import pytest
import torch

from kbwf.sandbox.arena import Arena, claim_of, is_readable


def test_on_the_cpu_a_claim_is_an_address_and_strides() -> None:
    """The first element's address; a view has its own."""
    tensor = torch.arange(12, dtype=torch.int32).view(3, 4)
    view = tensor.t()[1:]
    assert claim_of(view, None) == [tensor.data_ptr() + 4, 1, 4]
    assert ctypes.c_int32.from_address(claim_of(view, None)[0]).value == 1
    assert claim_of(torch.tensor(2.5), None)[1:] == []


def test_a_result_without_elements_lies_at_zero() -> None:
    """In the arena's offsets too, where its address would be no place."""
    arena: Any = SimpleNamespace(start=4096, end=8192, holds=lambda tensor: False)
    for each in (None, arena):
        assert claim_of(torch.zeros(0, 3), each) == [0, 3, 1]
        assert is_readable(torch.zeros(0, 3), each)


@pytest.mark.parametrize(
    ("tensor", "expected"),
    [
        (torch.zeros(10, 10), True),
        (torch.zeros(10, 10).t(), True),
        (torch.zeros(1, 10).expand(10, 10), True),
        (torch.zeros(100, 100)[:, 0], False),  # 100 elements over 9901
        (torch.zeros(4196)[::4195], False),  # 2 elements over 4196, one more than may be read for two
        (torch.zeros(4100)[::4099], True),  # 4100 is within 2 * 2 + 4096
        (torch.tensor(1.0), True),
    ],
    ids=["dense", "transposed", "expanded", "a_column", "far_apart", "just_near_enough", "scalar"],
)
def test_a_result_is_read_where_it_lies_unless_it_is_spread_out(tensor: torch.Tensor, expected: bool) -> None:
    """Over more than twice what it needs and a little."""
    assert is_readable(tensor, None) == expected


def test_in_an_arena_only_what_lies_there_can_be_read() -> None:
    """The first byte after it belongs to somebody else."""
    memory = torch.zeros(64, dtype=torch.uint8)
    arena: Any = SimpleNamespace(start=memory.data_ptr(), end=memory.data_ptr() + 32)
    arena.holds = lambda tensor: Arena.holds(arena, tensor)
    assert [is_readable(memory[start : start + 4], arena) for start in (0, 31, 32)] == [True, True, False]
    assert claim_of(memory[31:], arena) == [31, 1]


@pytest.fixture
def segments(monkeypatch: pytest.MonkeyPatch) -> Arena:
    """An arena of 4096 bytes at 1 MiB, without the GPU's allocator, whose driver has memory at 9 MiB only."""
    arena = Arena.__new__(Arena)
    arena.start, arena.end, arena._used = 1 << 20, (1 << 20) + 4096, []
    freed: list[int] = []

    def driver_call(function: str, argument: int) -> int | None:
        if function == "cuMemFree":
            freed.append(argument)
            return None
        if argument > 1 << 20:
            raise MemoryError
        return 9 << 20

    monkeypatch.setattr("kbwf.sandbox.arena.driver_call", driver_call)
    arena.freed = freed  # type: ignore[attr-defined]
    return arena


def test_segments_are_the_first_that_fit(segments: Arena) -> None:
    """Rounded up to 512 bytes, one after the other; what is given back is taken again; then the driver is asked."""
    first, second, third = (segments._allocate(size, 0, 0) for size in (1000, 1, 2048))
    assert [first, second, third] == [1 << 20, (1 << 20) + 1024, (1 << 20) + 1536]
    assert segments._allocate(1024, 0, 0) == 9 << 20  # 512 are left
    segments._free(first or 0, 1000, 0, 0)
    assert segments._allocate(512, 0, 0) == 1 << 20
    assert segments._allocate(512, 0, 0) == (1 << 20) + 512
    assert segments._allocate(512, 0, 0) == (1 << 20) + 3584
    assert segments._allocate(1, 0, 0) == 9 << 20
    segments._free(9 << 20, 1, 0, 0)
    assert segments.freed == [9 << 20]  # type: ignore[attr-defined]


def test_what_the_driver_refuses_is_no_memory(segments: Arena) -> None:
    """None, of which torch makes its own error."""
    assert segments._allocate(2 << 20, 0, 0) is None
