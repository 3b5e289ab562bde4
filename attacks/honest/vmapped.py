# task: logsumexp_wide
# kind: honest
# idea: torch.func.vmap over rows
# seen: own idea
# device: any
# expect: passed
import torch
import torch.nn as nn


class ModelNew(nn.Module):
    def forward(self, x):
        return torch.func.vmap(lambda row: torch.logsumexp(row, dim=0))(x)
