"""How many slots a task's buffers have: as many as pay, and no more than a bounded excess over the task's own need."""

import torch

from kbwf.records import MemoryNeed
from kbwf.sandbox.messages import Description

MAX_SLOTS = 128
EXCESS_BYTES = 1 << 29
"""What the slots beyond the first may take together, on a GPU; with the comparison's chunks it stays below 1 GB."""
EXCESS_FRAC, SMALL_FRAC = 1 / 16, 1 / 8
"""Of the GPU's memory: what they may take where the task itself needs less than so much. A request of a middling task's
calls, 0.1 ms each, is only long enough to be timed well if it holds twenty."""
EXCESS_BYTES_CPU = 1 << 26
_SEGMENT_BYTES = 2 << 20
"""torch's caching allocator asks for multiples of this."""
_SPARE_BYTES = 32 * _SEGMENT_BYTES
_COMPARISON_BYTES = 1 << 28
"""Temporaries of a comparison, which works in pieces."""
_CONTEXTS_BYTES = 5 * (1 << 29)
"""What five processes' use of a GPU takes before any tensor is there: judge, this pair, and the next."""


def bytes_of_slot(description: Description, device: torch.device) -> int:
    """Inputs, and the results of both programs, of one call; on a GPU those of graphs besides."""
    inputs = sum(layout.slot_bytes for layout in description.inputs)
    return inputs + (4 if device.type == "cuda" else 2) * _bytes_of_result(description)


def arena_bytes(description: Description, num_slots: int) -> int:
    """Memory that one program's results and temporaries are cut from: its need, and a result for each other slot.

    Where there are other slots, calls may be so short that they are captured as a graph: torch takes memory by stream,
    and a capture has one of its own.
    """
    own = description.peak_bytes * 5 // 4 + (num_slots - 1) * _bytes_of_result(description) * 9 // 8
    own *= 2 if num_slots > 1 else 1
    return -(-(own + _SPARE_BYTES) // _SEGMENT_BYTES) * _SEGMENT_BYTES


def need_of(description: Description) -> MemoryNeed:
    """What judging the task takes at least, with one slot; beyond the tensors only where a GPU was asked."""
    inputs, outputs = sum(layout.slot_bytes for layout in description.inputs), _bytes_of_result(description)
    beside = _COMPARISON_BYTES + _CONTEXTS_BYTES + 2 * _SPARE_BYTES if description.peak_bytes else 0
    programs = 2 * max(description.peak_bytes * 5 // 4, outputs)
    return MemoryNeed(
        inputs_bytes=inputs,
        outputs_bytes=outputs,
        reference_bytes=description.peak_bytes,
        total_bytes=inputs + programs + beside,
    )


def num_slots_of(description: Description, device: torch.device) -> int:
    """At least one; never more than `MAX_SLOTS`."""
    excess_bytes = EXCESS_BYTES_CPU
    if device.type == "cuda":
        total_bytes = torch.cuda.get_device_properties(device).total_memory
        is_small = need_of(description).total_bytes <= SMALL_FRAC * total_bytes
        excess_bytes = max(EXCESS_BYTES, int(EXCESS_FRAC * total_bytes)) if is_small else EXCESS_BYTES
    return max(1, min(MAX_SLOTS, 1 + excess_bytes // bytes_of_slot(description, device)))


def _bytes_of_result(description: Description) -> int:
    return sum(layout.slot_bytes for layout in description.outputs)
