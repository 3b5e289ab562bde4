"""How many slots a task's buffers have: as many as pay, and no more than a bounded excess over the task's own need."""

import torch

from kbwf.sandbox.messages import Description

MAX_SLOTS = 128
EXCESS_BYTES = 1 << 29
"""What the slots beyond the first may take together, on a GPU; with the comparison's chunks it stays below 1 GB."""
EXCESS_BYTES_CPU = 1 << 26


def bytes_of_slot(description: Description) -> int:
    """Inputs, expected outputs and a candidate's outputs of one call."""
    inputs = sum(layout.slot_bytes for layout in description.inputs)
    return inputs + 2 * sum(layout.slot_bytes for layout in description.outputs)


def num_slots_of(description: Description, device: torch.device) -> int:
    """At least one; never more than `MAX_SLOTS`."""
    excess_bytes = EXCESS_BYTES if device.type == "cuda" else EXCESS_BYTES_CPU
    return max(1, min(MAX_SLOTS, 1 + excess_bytes // bytes_of_slot(description)))
