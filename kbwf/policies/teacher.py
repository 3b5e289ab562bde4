"""The weights that a student's tokens are judged by: its own as they are, as they were, or in between."""

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path

import torch

from kbwf.errors import PolicyError
from kbwf.policies.adapter import TEACHER_FILE, load_tensors, save_tensors
from kbwf.training.self_distillation import TeacherKind

EMA_RATE = 0.05
"""How far the teacher moves towards the student after every update (arXiv 2601.20802)."""


class Teacher:
    """Beside a student, whose parameters it can take the place of."""

    def __init__(self, kind: TeacherKind, parameters: Mapping[str, torch.nn.Parameter]) -> None:
        """It begins as the student is.

        Args:
            parameters: the student's that are trained, by name.
        """
        self._kind, self._parameters = kind, parameters
        self.weights = {} if kind == "live" else {name: each.detach().clone() for name, each in parameters.items()}
        """By name; none where they are the student's own."""

    def load(self, state: Path) -> None:
        """What `save` wrote.

        Raises:
            PolicyError: it is missing, damaged, or of another adapter.
        """
        if self._kind == "live":
            return
        tensors = load_tensors(state / TEACHER_FILE)
        if tensors.keys() != self.weights.keys():
            raise PolicyError(f"{state / TEACHER_FILE} is a teacher of another adapter; train the run again")
        for name, tensor in tensors.items():
            self.weights[name].copy_(tensor)

    def save(self, state: Path) -> None:
        """Into a folder that exists; nothing where the weights are the student's."""
        if self.weights:
            save_tensors(self.weights, state / TEACHER_FILE)

    def follow(self) -> None:
        """After an update of the student: an `ema` moves a part of the way."""
        if self._kind == "ema":
            for name, parameter in self._parameters.items():
                self.weights[name].lerp_(parameter.detach(), EMA_RATE)

    @contextmanager
    def in_place_of_the_student(self) -> Iterator[None]:
        """Inside, the model has the teacher's weights; no gradient may be pending."""
        self._swap()
        try:
            yield
        finally:
            self._swap()

    def _swap(self) -> None:
        for name, tensor in self.weights.items():
            parameter = self._parameters[name]
            self.weights[name], parameter.data = parameter.data, tensor
