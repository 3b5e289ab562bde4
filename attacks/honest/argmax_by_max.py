# task: argmax_rows
# kind: honest
# idea: the indices of the maximum
# seen: own idea
# device: any
# expect: passed
import torch
import torch.nn as nn


class ModelNew(nn.Module):
    def forward(self, x):
        return torch.max(x, dim=1).indices
