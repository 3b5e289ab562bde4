# task: relu_positive
# kind: honest
# idea: a choice for each element
# seen: own idea
# device: any
# expect: passed
import torch
import torch.nn as nn


class ModelNew(nn.Module):
    def forward(self, x):
        return torch.where(x > 0, x, torch.zeros((), device=x.device, dtype=x.dtype))
