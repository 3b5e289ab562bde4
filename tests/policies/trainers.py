"""A trainer of the tiny model, and what it is trained on, for the tests of training."""

from pathlib import Path
from typing import Any

import torch

from kbwf.policies.trainer import LocalTrainer
from kbwf.training.datums import Datum, DistillationDatum

SHORT = ({"role": "user", "content": "Hi"},)
LONG = ({"role": "user", "content": "A rather longer question"},)
TAUGHT = ({"role": "user", "content": "Hi\n\nThe answer is known."},)
DATA = [
    Datum(SHORT, (5, 6, 7), (-2.0, -3.0, -1.5), (1.0, 1.0, 1.0)),
    Datum(LONG, (8,), (-2.5,), (-2.0,)),
    Datum(SHORT, (9, 10, 11, 12, 0), (-4.0,) * 5, (0.5, -0.5, 0.25, -0.25, 1.0)),
]
LESSONS = [
    DistillationDatum(SHORT, TAUGHT, (5, 6, 7)),
    DistillationDatum(LONG, TAUGHT, (8, 0)),
]


def make_trainer(tiny_model: Path, **options: Any) -> LocalTrainer:
    """Rank 4, on the CPU."""
    return LocalTrainer(str(tiny_model), **{"lora_rank": 4, "device": "cpu", "dtype": "float64", **options})


def weights(trainer: LocalTrainer, trainable: bool = True) -> dict[str, torch.Tensor]:
    """Copies, by name."""
    return {
        name: parameter.detach().clone()
        for name, parameter in trainer._model.named_parameters()
        if parameter.requires_grad == trainable
    }


def largest_difference(ours: dict[str, torch.Tensor], theirs: dict[str, torch.Tensor]) -> float:
    """Over all weights."""
    assert ours.keys() == theirs.keys() and ours
    return max((ours[name] - theirs[name]).abs().max().item() for name in ours)
