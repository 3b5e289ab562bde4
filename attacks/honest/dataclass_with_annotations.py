# task: matmul
# kind: honest
# idea: a dataclass under postponed annotations, which looks its own module up
# seen: own idea
# device: any
# expect: passed
from __future__ import annotations

from dataclasses import dataclass, field

import torch
import torch.nn as nn


@dataclass
class Tiling:
    rows: int = 96
    sizes: list[int] = field(default_factory=list)


class ModelNew(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.tiling = Tiling(sizes=[1, 2])

    def forward(self, a: torch.Tensor, b: torch.Tensor) -> torch.Tensor:
        step = self.tiling.rows
        return torch.cat([a[rows : rows + step] @ b for rows in range(0, a.shape[0], step)])
