"""How many slots a task's buffers have: as many as pay, and no more than a bounded excess over the task's own need."""

import torch

from kbwf.sandbox.messages import Description

MAX_SLOTS = 128
EXCESS_BYTES = 1 << 29
"""What the slots beyond the first may take together, on a GPU; with the comparison's chunks it stays below 1 GB."""
EXCESS_BYTES_CPU = 1 << 26
_SEGMENT_BYTES = 2 << 20
"""torch's caching allocator asks for multiples of this."""
_SPARE_BYTES = 32 * _SEGMENT_BYTES


def bytes_of_slot(description: Description) -> int:
    """Inputs, and the results of both programs, of one call."""
    inputs = sum(layout.slot_bytes for layout in description.inputs)
    return inputs + 2 * _bytes_of_result(description)


def arena_bytes(description: Description, num_slots: int) -> int:
    """Memory that one program's results and temporaries are cut from: its need, and a result for each other slot."""
    own = description.peak_bytes * 5 // 4 + (num_slots - 1) * _bytes_of_result(description) * 9 // 8
    return -(-(own + _SPARE_BYTES) // _SEGMENT_BYTES) * _SEGMENT_BYTES


def _bytes_of_result(description: Description) -> int:
    return sum(layout.slot_bytes for layout in description.outputs)


def num_slots_of(description: Description, device: torch.device) -> int:
    """At least one; never more than `MAX_SLOTS`."""
    excess_bytes = EXCESS_BYTES if device.type == "cuda" else EXCESS_BYTES_CPU
    return max(1, min(MAX_SLOTS, 1 + excess_bytes // bytes_of_slot(description)))
