# task: matmul
# kind: honest
# idea: the product as a linear layer
# seen: own idea
# device: any
# expect: passed
import torch
import torch.nn as nn


class ModelNew(nn.Module):
    def forward(self, a, b):
        return nn.functional.linear(a, b.T)
