# task: triangular
# kind: honest
# idea: a product of lower triangular matrices needs no mask
# seen: own idea
# device: any
# expect: passed
import torch
import torch.nn as nn


class ModelNew(nn.Module):
    def forward(self, a, b):
        return torch.matmul(a, b)
