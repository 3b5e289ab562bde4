"""New inputs, in slots of the judge's own memory.

Official inputs come from the task's `get_inputs`. Where that only returns what torch's generators made, the same
distribution is drawn in place, at the speed of memory and without a copy; where it was seen twice that this makes the
very same values, bit by bit, official ones are drawn in place too. The judge draws, and neither runner, so that both
do nothing but call their models.
"""

import itertools
from typing import Any

import torch
from torch.overrides import TorchFunctionMode

from kbwf.errors import TaskError
from kbwf.judge.inputs import fingerprint
from kbwf.records import Task
from kbwf.sandbox.buffers import Ring, write
from kbwf.sandbox.problem import load_module, placed, seed_all
from kbwf.sandbox.structure import Structure, flatten

_NUM_SAME = 2
_InPlace = tuple[str, tuple[Any, ...]]
"""A tensor method that draws anew from the distribution an input came from, and its arguments."""


class Draws:
    """One task's inputs."""

    def __init__(self, task: Task, arguments: Structure, device: torch.device) -> None:
        """Load the task's module, for its `get_inputs`.

        Args:
            arguments: how `forward`'s arguments are put together, as the reference's runner described them.
        """
        self._name = f"{task.task_id} {task.name}"
        self._module, self._device = load_module(task.reference_source, "drawn"), device
        self._arguments = arguments
        self._in_place: list[_InPlace] | None = None
        self._generator = torch.Generator(device)
        self._num_same = 0
        """How often drawing in place was seen to make what `get_inputs` had returned; below 0 once it did not."""

    def official(self, rings: list[Ring], slots: list[int], seeds: list[int]) -> list[list[Any]]:
        """Fill each slot by `get_inputs` under its seed; returns each slot's values that are no tensors.

        Raises:
            TaskError: they have another structure, shape or type than before.
        """
        if self._num_same >= _NUM_SAME:
            return self.quick(rings, slots, seeds)
        values = [self._official(rings, slot, seed) for slot, seed in zip(slots, seeds, strict=True)]
        if self._in_place is not None and self._num_same >= 0:
            if self._makes_the_same(rings, slots[-1], seeds[-1]):
                self._num_same += 1
            else:  # and it was written over
                self._num_same = -1
                values[-1] = self._official(rings, slots[-1], seeds[-1])
        if self._device.type == "cuda":
            torch.cuda.empty_cache()  # what was drawn has been copied, and the runners need the memory
        return values

    def quick(self, rings: list[Ring], slots: list[int], seeds: list[int]) -> list[list[Any]]:
        """The same distribution; in place where that is known to be the same."""
        if self._in_place is None:
            return self.official(rings, slots, seeds)
        for slot, seed in zip(slots, seeds, strict=True):
            self._generator.manual_seed(seed)
            for ring, (method, arguments) in zip(rings, self._in_place, strict=True):
                getattr(ring.tensors[slot], method)(*arguments, generator=self._generator)
        return [[] for _ in slots]

    def _makes_the_same(self, rings: list[Ring], slot: int, seed: int) -> bool:
        """Whether this slot, drawn in place under its seed, holds what it held."""
        before = [fingerprint(ring, [slot]) for ring in rings]
        self.quick(rings, [slot], [seed])
        return before == [fingerprint(ring, [slot]) for ring in rings]

    def _official(self, rings: list[Ring], slot: int, seed: int) -> list[Any]:
        recorder = _Recorder()
        with torch.device(self._device):
            seed_all(seed)
            with recorder:
                drawn = self._module.get_inputs()
        arguments, tensors, values = flatten([placed(argument, self._device) for argument in drawn], "get_inputs()")
        shapes = [(list(tensor.shape), str(tensor.dtype).removeprefix("torch.")) for tensor in tensors]
        if arguments != self._arguments or shapes != [(ring.layout.shape, ring.layout.dtype) for ring in rings]:
            raise TaskError(
                f"{self._name}: get_inputs returns another structure, shape or type each time, here {shapes}; tasks"
                " whose inputs always look the same can be judged, so leave it out"
            )
        for ring, tensor in zip(rings, tensors, strict=True):
            write(ring.tensors[slot], tensor)
        known = {_place(tensor): how for tensor, how in recorder.drawn if tensor._version == 0}
        recorder.drawn.clear()  # it would hold the tensors until the next collection
        how = [known.get(_place(tensor)) for tensor in tensors]
        is_plain = not values and None not in how and len(set(map(_place, tensors))) == len(tensors)
        self._in_place = [each for each in how if each is not None] if is_plain else None
        return values


class _Recorder(TorchFunctionMode):
    """Remembers which tensors came straight from a generator, and how to draw others like them.

    A tensor that was worked on afterwards (sorted, masked, cast), or is two arguments at once, is another matter: its
    structure is part of the task.
    """

    def __init__(self) -> None:
        super().__init__()
        self.drawn: list[tuple[torch.Tensor, _InPlace]] = []

    def __torch_function__(self, function: Any, types: Any, args: Any = (), kwargs: Any = None) -> Any:
        result = function(*args, **(kwargs or {}))
        how: _InPlace | None = None
        if function is torch.rand:
            how = ("uniform_", (0.0, 1.0))
        elif function is torch.randn:
            how = ("normal_", (0.0, 1.0))
        elif function is torch.randint:
            bounds = tuple(itertools.takewhile(lambda each: type(each) is int, args))
            how = ("random_", bounds if len(bounds) > 1 else (0, *bounds)) if len(bounds) in (1, 2) else None
        if how is not None and isinstance(result, torch.Tensor):
            self.drawn.append((result, how))
        return result


def _place(tensor: torch.Tensor) -> tuple[Any, ...]:
    return tensor.data_ptr(), tensor.shape, tensor.stride(), tensor.dtype
