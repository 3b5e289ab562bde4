# task: scaled_by_number
# kind: honest
# idea: the number goes into one fused operation
# seen: own idea
# device: any
# expect: passed
import torch
import torch.nn as nn


class ModelNew(nn.Module):
    def forward(self, x, factor):
        return torch.add(torch.ones((), device=x.device), x, alpha=float(factor))
