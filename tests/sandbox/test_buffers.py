"""Memory shared between judge and runner keeps a tensor's layout."""

import os

import pytest
import torch

from kbwf.sandbox.buffers import Ring, dense_layout_of, layout_of, open_ring, write
from kbwf.sandbox.messages import Buffer

CPU = torch.device("cpu")

EXAMPLES = {
    "contiguous": torch.rand(3, 4),
    "transposed": torch.rand(3, 4).t(),
    "every_other": torch.rand(6, 8)[::2, ::3],
    "channels_last": torch.rand(2, 3, 4, 5).to(memory_format=torch.channels_last),
    "expanded": torch.rand(3, 1).expand(3, 5),
    "scalar": torch.tensor(2.5),
    "empty": torch.zeros(0, 7),
    "int64": torch.arange(10),
    "uint8": torch.arange(10, dtype=torch.uint8),
    "bool": torch.tensor([True, False, True]),
    "float16": torch.rand(5).to(torch.float16),
    "bfloat16": torch.rand(5).to(torch.bfloat16),
    "float64": torch.rand(5, dtype=torch.float64),
    "complex64": torch.rand(2, 2, dtype=torch.complex64),
    "complex128": torch.rand(2, 2, dtype=torch.complex128),
}


@pytest.mark.parametrize("name", EXAMPLES)
def test_a_layout_survives_the_way_through_a_descriptor(name: str) -> None:
    """Shape, strides, dtype and values, in every slot; what one side writes the other reads."""
    example = EXAMPLES[name]
    ring = Ring(layout_of(example), 3, CPU)
    theirs = open_ring(Buffer.model_validate_json(ring.layout.model_dump_json()), os.dup(ring.descriptors[0]), CPU)
    assert len(ring.tensors) == len(theirs) == 3
    for tensor in (*ring.tensors, *theirs):
        assert (tensor.shape, tensor.stride(), tensor.dtype) == (example.shape, example.stride(), example.dtype)
    write(ring.tensors[1], example)
    assert torch.equal(theirs[1], example)
    for other in (0, 2):
        assert not theirs[other].any()
    write(theirs[2], example)
    assert torch.equal(ring.tensors[2], example)
    ring.close()


@pytest.mark.parametrize(
    ("name", "slot_bytes"),
    [("contiguous", 512), ("expanded", 512), ("empty", 512), ("scalar", 512)],
)
def test_slots_begin_where_vector_loads_may(name: str, slot_bytes: int) -> None:
    """At multiples of 512 bytes, also where a tensor needs less; an expanded dimension needs no memory."""
    ring = Ring(layout_of(EXAMPLES[name]), 3, CPU)
    starts = [tensor.storage_offset() * tensor.element_size() for tensor in ring.tensors]
    assert (ring.layout.num_slots, ring.layout.slot_bytes) == (3, slot_bytes)
    assert starts == [0, slot_bytes, 2 * slot_bytes]
    assert len(ring.memory) == 3 * slot_bytes
    ring.close()


def test_a_slot_is_as_large_as_its_tensor_reaches() -> None:
    """129 float32 need 516 bytes, which is two times 512; every fourth of 129 as much, a row for all of them 40."""
    assert layout_of(torch.zeros(129)).slot_bytes == 1024
    assert layout_of(torch.zeros(129)[::4]).slot_bytes == 1024
    assert layout_of(torch.zeros(10).expand(1000, 10)).slot_bytes == 512


def test_a_tensor_that_is_written_to_has_a_place_for_each_element() -> None:
    """Expanded ones become dense; the order of dimensions stays."""
    assert dense_layout_of(torch.zeros(3, 1).expand(3, 5)).stride == [5, 1]
    assert dense_layout_of(EXAMPLES["transposed"]).stride == [1, 4]
    channels_last = EXAMPLES["channels_last"]
    assert dense_layout_of(channels_last).stride == list(channels_last.stride())


def test_a_buffer_cannot_be_resized() -> None:
    """Reading what is no longer there would end the judge with a bus error."""
    ring = Ring(layout_of(torch.zeros(8)), 1, CPU)
    for num_bytes in (0, 1 << 20):
        with pytest.raises(PermissionError):
            os.ftruncate(ring.descriptors[0], num_bytes)
    ring.close()


def test_closing_gives_the_descriptors_back() -> None:
    """As many files are open as before, on either side."""
    before = len(os.listdir("/proc/self/fd"))
    for _ in range(3):
        ring = Ring(layout_of(torch.zeros(8)), 2, CPU)
        theirs = open_ring(ring.layout, os.dup(ring.descriptors[0]), CPU)
        ring.close()
        assert ring.tensors == [] and len(theirs) == 2
        del theirs
    assert len(os.listdir("/proc/self/fd")) == before
