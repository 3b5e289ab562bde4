"""Results read where a runner says that they lie, and claims that cannot be."""

import functools
import os
from typing import Any

import pytest
import torch

from kbwf.judge.results import (
    ArenaResults,
    ProcessResults,
    Results,
    check_claims,
    choose_probes,
)
from kbwf.sandbox.arena import claim_of
from kbwf.sandbox.buffers import Ring, dense_layout_of, layout_of, write
from kbwf.sandbox.channel import ProtocolError
from kbwf.sandbox.messages import Buffer

CPU = torch.device("cpu")

RESULTS = {
    "dense": torch.rand(3, 4),
    "transposed": torch.rand(4, 3).t(),
    "offset": torch.rand(5, 4)[2:],
    "every_other": torch.rand(6, 8)[::2, ::2],
    "expanded": torch.rand(3, 1).expand(3, 4),
    "scalar": torch.tensor(2.5),
    "empty": torch.zeros(0, 4),
    "one": torch.rand(1, 1),
    "bool": torch.rand(3, 4) > 0.5,
    "int64": torch.arange(12).view(3, 4),
    "bfloat16": torch.rand(3, 4).bfloat16(),
    "complex128": torch.rand(3, 4, dtype=torch.complex128),
}


@functools.cache
def own_memory() -> int:
    """A file through which this process's memory can be read."""
    return os.open("/proc/self/mem", os.O_RDONLY | os.O_CLOEXEC)


class OfThisProcess:
    """Results of this very process, as if it were a runner."""

    def __init__(self, layouts: list[Buffer]) -> None:
        self.results: Results = ProcessResults(own_memory(), layouts)

    def claim(self, tensor: torch.Tensor) -> list[int]:
        """Where it lies anyway."""
        return claim_of(tensor, None)


class InAnArena:
    """Results in an arena, which for once lies in the CPU's memory."""

    def __init__(self, layouts: list[Buffer]) -> None:
        num_bytes = 1 << 16
        self.ring = Ring(
            Buffer(shape=[num_bytes], stride=[1], dtype="uint8", num_slots=1, slot_bytes=num_bytes), 1, CPU
        )
        self.results: Results = ArenaResults(self.ring, layouts)
        self.next = 512

    def claim(self, tensor: torch.Tensor) -> list[int]:
        """Where a copy of it with the same strides lies now."""
        offset, self.next = self.next, self.next + layout_of(tensor).slot_bytes
        if tensor.numel():
            memory = self.ring.memory.view(tensor.dtype)
            write(memory.as_strided(tensor.shape, tensor.stride(), offset // tensor.element_size()), tensor)
        return [offset, *tensor.stride()]


@pytest.fixture(params=[OfThisProcess, InAnArena])
def kind(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> type[OfThisProcess | InAnArena]:
    """Either way to read; a device without a queue needs not be waited for."""
    monkeypatch.setattr(torch.cuda, "synchronize", lambda device: None)
    return request.param


@pytest.mark.parametrize("name", RESULTS)
def test_a_result_is_read_with_its_strides(kind: type[OfThisProcess], name: str) -> None:
    """All of it, and probes of two calls of it, of which the second is another tensor."""
    tensor = RESULTS[name]
    layout = dense_layout_of(tensor)
    place = kind([layout])
    other = torch.zeros_like(tensor)
    claims = [[place.claim(tensor)], [place.claim(other)]]
    assert torch.equal(place.results.tensor(claims[0][0], layout), tensor)
    assert torch.equal(place.results.tensor(claims[1][0], layout), other)
    probes = choose_probes([layout], 2, 50)
    (found,) = place.results.probe(claims, probes)
    if not tensor.numel():
        assert found.shape == (0,)
        return
    assert (found.dtype, found.shape) == (tensor.dtype, (50,))
    coordinates = probes.coordinates_L_C_N_D[0]
    expected = [
        each[tuple(coordinates[call, n].tolist()[: tensor.dim()])]
        for call, each in enumerate((tensor, other))
        for n in range(25)
    ]
    assert torch.equal(found, torch.stack(expected))


def test_a_result_of_several_tensors_is_read_one_by_one(kind: type[OfThisProcess]) -> None:
    """Each with its own layout and places."""
    pair = torch.rand(3), torch.arange(4).view(2, 2)
    layouts = [dense_layout_of(each) for each in pair]
    place = kind(layouts)
    claims = [[place.claim(each) for each in pair]]
    probes = choose_probes(layouts, 1, 8)
    found = place.results.probe(claims, probes)
    assert torch.equal(found[0], pair[0][probes.coordinates_L_C_N_D[0][0, :, 0]])
    rows, columns = probes.coordinates_L_C_N_D[1][0].T
    assert torch.equal(found[1], pair[1][rows, columns])


LAYOUT = dense_layout_of(torch.rand(3, 4))


@pytest.mark.parametrize(
    "strides",
    [[4], [4, 1, 1], [], [-4, 1], [4, -1], [1 << 40, 1], [1 << 70, 1], [10_000, 1]],
    ids=["few", "many", "none", "negative", "backwards", "far", "beyond_all_numbers", "over_too_much"],
)
def test_strides_that_cannot_be_are_refused(kind: type[OfThisProcess], strides: list[int]) -> None:
    """With a short reason, whether all is read or an element."""
    place = kind([LAYOUT])
    start = place.claim(torch.rand(3, 4))[0]
    for read in (
        lambda: place.results.tensor([start, *strides], LAYOUT),
        lambda: place.results.probe([[[start, *strides]]], choose_probes([LAYOUT], 1, 4)),
    ):
        with pytest.raises(ProtocolError) as caught:
            read()
        assert len(str(caught.value)) < 300


def test_a_claim_of_nothing_is_refused(kind: type[OfThisProcess]) -> None:
    """No address, no strides."""
    place = kind([LAYOUT])
    with pytest.raises(ProtocolError):
        place.results.tensor([], LAYOUT)
    with pytest.raises(ProtocolError):
        place.results.probe([[[]]], choose_probes([LAYOUT], 1, 4))


@pytest.mark.parametrize("start", [-4, 2, 1 << 16, (1 << 16) - 44, 1 << 40, 1 << 70])
def test_a_place_outside_the_arena_or_between_elements_is_refused(monkeypatch: pytest.MonkeyPatch, start: int) -> None:
    """Before it, after it, over its end, and where no float32 can begin."""
    monkeypatch.setattr(torch.cuda, "synchronize", lambda device: None)
    place = InAnArena([LAYOUT])
    with pytest.raises(ProtocolError, match="no place in the arena"):
        place.results.tensor([start, 4, 1], LAYOUT)
    with pytest.raises(ProtocolError, match="no place in the arena"):
        place.results.probe([[[start, 4, 1]]], choose_probes([LAYOUT], 1, 4))
    assert place.results.tensor([(1 << 16) - 48, 4, 1], LAYOUT).shape == (3, 4)


@pytest.mark.parametrize("address", [0, 8, -8, (1 << 47) + (1 << 20), 1 << 63, 1 << 64, 1 << 100])
def test_an_address_where_nothing_lies_is_refused(address: int) -> None:
    """Whatever the number."""
    results = ProcessResults(own_memory(), [LAYOUT])
    with pytest.raises(ProtocolError, match="where nothing can be read"):
        results.tensor([address, 4, 1], LAYOUT)
    with pytest.raises(ProtocolError, match="where nothing can be read"):
        results.probe([[[address, 4, 1]]], choose_probes([LAYOUT], 1, 4))


def test_memory_is_read_in_as_many_parts_as_the_system_gives(monkeypatch: pytest.MonkeyPatch) -> None:
    """Seven bytes at a time; where it gives none, nothing can be read."""
    original = os.preadv
    monkeypatch.setattr(os, "preadv", lambda file, buffers, offset: original(file, [buffers[0][:7]], offset))
    tensor = torch.rand(3, 4)
    results = ProcessResults(own_memory(), [LAYOUT])
    assert torch.equal(results.tensor(claim_of(tensor, None), LAYOUT), tensor)
    monkeypatch.setattr(os, "preadv", lambda file, buffers, offset: 0)
    with pytest.raises(ProtocolError):
        results.tensor(claim_of(tensor, None), LAYOUT)


def test_probes_lie_within_the_shape_and_differ_from_call_to_call() -> None:
    """1000 over 10 calls, so that all of the 12 elements are met; at least one a call, and one of a scalar."""
    probes = choose_probes([LAYOUT, dense_layout_of(torch.tensor(1.0))], 10, 1000).coordinates_L_C_N_D
    assert (probes[0].shape, probes[1].shape) == ((10, 100, 2), (10, 100, 1))
    assert {tuple(each) for each in probes[0].view(-1, 2).tolist()} == {
        (row, column) for row in range(3) for column in range(4)
    }
    assert not torch.equal(probes[0][0], probes[0][1])
    assert not probes[1].any()
    assert choose_probes([LAYOUT], 10, 3).coordinates_L_C_N_D[0].shape == (10, 1, 2)
    assert choose_probes([], 0, 64).coordinates_L_C_N_D == []


@pytest.mark.parametrize(
    ("claims", "num_calls"),
    [([], 1), ([[[0, 4, 1]]], 0), ([[[0, 4, 1]]] * 3, 2), ([[]], 1), ([[[0], [0]]], 1), ([[[0]], []], 2)],
    ids=["none", "of_an_empty_request", "too_many", "no_tensor", "two_tensors", "one_without"],
)
def test_another_number_of_results_than_calls_is_refused(claims: Any, num_calls: int) -> None:
    """Or another number of tensors in one."""
    with pytest.raises(ProtocolError, match=f"for {num_calls} calls of 1"):
        check_claims(claims, [LAYOUT], num_calls)
    check_claims([[[0]]] * num_calls, [LAYOUT], num_calls)
