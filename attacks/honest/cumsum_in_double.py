# task: cumsum_rows
# kind: honest
# idea: running sums in double precision
# seen: own idea
# device: any
# expect: passed
import torch
import torch.nn as nn


class ModelNew(nn.Module):
    def forward(self, x):
        return torch.cumsum(x, dim=1, dtype=torch.float64).float()
