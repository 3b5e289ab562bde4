"""Whether a kernel left its inputs alone."""

from collections.abc import Iterator

import pytest
import torch

from kbwf.judge import inputs
from kbwf.judge.inputs import fingerprint, probes_of
from kbwf.sandbox.buffers import Ring, layout_of

NUM_SLOTS = 4


@pytest.fixture(
    params=[torch.zeros(3, 100), torch.arange(5), torch.tensor([True]), torch.zeros(7).bfloat16()],
    ids=["float32", "int64", "bool", "bfloat16"],
)
def ring(request: pytest.FixtureRequest) -> Iterator[Ring]:
    """Four slots of a tensor, each another."""
    found = Ring(layout_of(request.param), NUM_SLOTS, torch.device("cpu"))
    found.memory.copy_(torch.arange(len(found.memory)) * 7 % 251)
    yield found
    found.close()


def test_a_slot_s_fingerprint_changes_with_any_of_its_bits_and_no_other_s(ring: Ring) -> None:
    """First, middle and last byte; flipped back, it is what it was."""
    before = fingerprint(ring, [0, 1, 2, 3])
    slot_bytes = ring.layout.slot_bytes
    for slot in range(NUM_SLOTS):
        for byte in (0, slot_bytes // 2, slot_bytes - 1):
            for bit in (1, 128):
                ring.memory[slot * slot_bytes + byte] ^= bit
                after = fingerprint(ring, [0, 1, 2, 3])
                assert [one != other for one, other in zip(after, before, strict=True)] == [
                    each == slot for each in range(NUM_SLOTS)
                ]
                ring.memory[slot * slot_bytes + byte] ^= bit
    assert fingerprint(ring, [0, 1, 2, 3]) == before
    assert fingerprint(ring, [2, 0]) == [before[2], before[0]]


def test_a_fingerprint_knows_the_order_of_words_and_of_chunks(ring: Ring, monkeypatch: pytest.MonkeyPatch) -> None:
    """Two words exchanged, within a chunk of eight words and between two, are another input."""
    monkeypatch.setattr(inputs, "_CHUNK_WORDS", 8)
    words = ring.memory.view(torch.int32)
    words[:32] = torch.arange(32)
    before = fingerprint(ring, [0])
    for first, second in ((0, 1), (0, 8), (3, 17)):
        words[first], words[second] = second, first
        assert fingerprint(ring, [0]) != before
        words[first], words[second] = first, second
    assert fingerprint(ring, [0]) == before


def test_equal_inputs_have_equal_fingerprints_wherever_they_lie(ring: Ring) -> None:
    """Of two rings and two slots."""
    other = Ring(ring.layout, NUM_SLOTS, torch.device("cpu"))
    other.memory.copy_(ring.memory.roll(ring.layout.slot_bytes))
    assert fingerprint(other, [1, 2, 3]) == fingerprint(ring, [0, 1, 2])
    other.close()


def test_probes_lie_in_their_slots_and_see_a_change_there(ring: Ring) -> None:
    """All of a slot rewritten is seen; what happens in other slots is not looked at."""
    seen = probes_of(ring, [1, 3])
    per_slot = ring.layout.slot_bytes // 4
    assert set((seen.places // per_slot).tolist()) == {1, 3}
    assert len(seen.places) == 1024
    slots = ring.memory.view(NUM_SLOTS, -1)
    slots[0], slots[2] = 9, 9
    assert seen.are_unchanged()
    slots[3] ^= 1
    assert not seen.are_unchanged()


def test_there_is_a_probe_for_each_slot_however_many_there_are() -> None:
    """Two thousand slots, one each."""
    ring = Ring(layout_of(torch.zeros(1)), 2000, torch.device("cpu"))
    assert len(probes_of(ring, list(range(2000))).places) == 2000
    ring.close()
