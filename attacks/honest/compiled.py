# task: add_mul
# kind: honest
# idea: torch.compile with its default backend
# seen: own idea
# device: any
# expect: passed
import torch
import torch.nn as nn


@torch.compile
def add_mul(x, y):
    return (x + y) * x


class ModelNew(nn.Module):
    def forward(self, x, y):
        return add_mul(x, y)
