"""Memory shared between judge and runner keeps a tensor's layout."""

import json
import os

import pytest
import torch

from kbwf.sandbox.buffers import Shared, open_shared

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
    "bool": torch.tensor([True, False, True]),
    "bfloat16": torch.rand(5).to(torch.bfloat16),
    "complex": torch.rand(2, 2, dtype=torch.complex64),
}


@pytest.mark.parametrize("name", EXAMPLES)
def test_a_layout_survives_the_way_through_a_descriptor(name: str) -> None:
    """Shape, strides, dtype and values; what one side writes the other reads."""
    example = EXAMPLES[name]
    shared = Shared(example)
    theirs = open_shared(json.loads(json.dumps(shared.fields)), os.dup(shared.descriptors[0]), CPU)
    for tensor in (shared.tensor, theirs):
        assert (tensor.shape, tensor.stride(), tensor.dtype) == (example.shape, example.stride(), example.dtype)
    if name != "expanded":  # every row is the same memory
        shared.tensor.copy_(example)
        assert torch.equal(theirs, example)
        theirs.zero_()
        assert torch.equal(shared.tensor, torch.zeros_like(example))
    shared.close()


def test_a_buffer_cannot_be_resized() -> None:
    """Reading what is no longer there would end the judge with a bus error."""
    shared = Shared(torch.zeros(8))
    for num_bytes in (0, 1 << 20):
        with pytest.raises(PermissionError):
            os.ftruncate(shared.descriptors[0], num_bytes)
    shared.close()


def test_closing_gives_the_descriptor_back() -> None:
    """As many files are open as before."""
    before = len(os.listdir("/proc/self/fd"))
    for _ in range(3):
        Shared(torch.zeros(8)).close()
    assert len(os.listdir("/proc/self/fd")) == before
