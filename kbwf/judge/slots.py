"""The inputs of one task in memory of the judge's own: a slot for each call, which both programs see."""

import secrets
from contextlib import ExitStack, closing
from typing import Any

import torch

from kbwf.errors import TaskError
from kbwf.judge.draws import Draws
from kbwf.judge.inputs import fingerprint
from kbwf.records import Task
from kbwf.sandbox.buffers import Ring
from kbwf.sandbox.messages import Description
from kbwf.sandbox.structure import unflatten
from kbwf.verdict.variations import Draw, vary_inputs


class InputSlots:
    """What a task's calls are given.

    Attributes:
        num_slots: calls that can have inputs at the same time.
        rings: one for each tensor of a call's inputs.
    """

    def __init__(self, task: Task, description: Description, num_slots: int, device: torch.device) -> None:
        """Make them; nothing is drawn yet.

        Raises:
            torch.OutOfMemoryError: there is no room for them.
        """
        self.num_slots = num_slots
        self._name, self._description, self._device = f"{task.task_id} {task.name}", description, device
        self._draws = Draws(task, description.arguments, device)
        with ExitStack() as stack:
            self.rings = [stack.enter_context(closing(Ring(each, num_slots, device))) for each in description.inputs]
            self._exit = stack.pop_all()

    def draw(self, slots: list[int], seeds: list[int], *, is_official: bool) -> list[list[Any]] | None:
        """New inputs in these slots; returns their values that are no tensors, None where there are none."""
        draw = self._draws.official if is_official else self._draws.quick
        values = draw(self.rings, slots, seeds)
        return values if self._description.values else None

    def try_out(self) -> None:
        """Draw twice under one seed and once under another, before anything is sampled for the task.

        Raises:
            TaskError: they come out otherwise the second time, or have another structure, shape or type.
        """
        seed, other = secrets.randbits(31), secrets.randbits(31)
        found = []
        for _ in range(2):
            values = self.draw([0], [seed], is_official=True)
            found.append((values, self.fingerprints([0])))
        if found[0] != found[1]:
            raise TaskError(
                f"{self._name}: get_inputs returns other values under the same seed, of the clock or a counter perhaps;"
                " draw from the generators of torch, NumPy or random, or leave the task out"
            )
        self.draw([0], [other], is_official=True)

    def vary(self, slot: int, draw: Draw, seed: int, values: list[Any]) -> None:
        """Make of a slot's official inputs others that the task admits (`verdict.variations`)."""
        tensors = (ring.tensors[slot] for ring in self.rings)
        inputs = unflatten(self._description.arguments, tensors, iter(values))
        vary_inputs(inputs, draw, self._description.yardstick.admits, seed)

    def settle(self) -> None:
        """Wait until the inputs are written: another process's stream does not."""
        if self._device.type == "cuda":
            torch.cuda.synchronize(self._device)

    def fingerprints(self, slots: list[int]) -> list[list[int]]:
        """For each ring, a number for each of these slots (`inputs.fingerprint`)."""
        return [fingerprint(ring, slots) for ring in self.rings]

    def spoil(self, slots: list[int]) -> None:
        """Write over the inputs of these slots, which nobody needs any more, before results are compared.

        On the CPU a candidate might say that its result lies in an input, which it did nothing for.
        """
        if self._device.type == "cpu":
            for ring in self.rings:
                ring.memory.view(self.num_slots, -1)[slots] = 0xA5

    def close(self) -> None:
        """Give the memory back."""
        self._exit.close()
