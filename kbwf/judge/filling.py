"""New inputs in a task's slots, that can be made once more whatever became of them."""

import secrets
from collections.abc import Sequence
from typing import Any

from kbwf.judge.slots import InputSlots
from kbwf.verdict.variations import Draw

Values = list[list[Any]] | None
"""For each slot its inputs that are no tensors; None where a task has none."""


class Filling:
    """Inputs from secret seeds, in some slots."""

    def __init__(
        self, inputs: InputSlots, slots: Sequence[int], kinds: Sequence[Draw | None], *, is_official: bool
    ) -> None:
        """Args:
        kinds: for each slot; None is what the task itself draws.
        is_official: drawn by the task's `get_inputs`, where drawing in place would be faster.
        """
        self._inputs, self._slots, self._kinds, self._is_official = inputs, list(slots), kinds, is_official
        self._seeds = [secrets.randbits(62) for _ in slots]

    def make(self) -> Values:
        """Write them; the same ones each time. They are there when this returns."""
        values = self._inputs.draw(self._slots, self._seeds, is_official=self._is_official)
        for number, (slot, kind, seed) in enumerate(zip(self._slots, self._kinds, self._seeds, strict=True)):
            if kind is not None:
                self._inputs.vary(slot, kind, seed, values[number] if values else [])
        self._inputs.settle()
        return values
