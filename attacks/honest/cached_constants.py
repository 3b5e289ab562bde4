# task: small_launches
# kind: honest
# idea: constants are computed once and kept; no result is
# seen: own idea
# device: any
# expect: passed
import functools

import torch
import torch.nn as nn


@functools.lru_cache
def coefficients(steps):
    state = torch.eye(2, dtype=torch.float64)
    step = torch.tensor([[1.0, 0.1], [0.0, 1.0]], dtype=torch.float64) @ torch.tensor(
        [[1.0, 0.0], [-0.1, 1.0]], dtype=torch.float64
    )
    for _ in range(steps):
        state = step @ state
    return float(state[0, 0]), float(state[0, 1])


class ModelNew(nn.Module):
    def forward(self, x, v):
        of_x, of_v = coefficients(20)
        return of_x * x + of_v * v
