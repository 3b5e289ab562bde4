# task: matmul
# kind: honest
# idea: the transpose of the product of transposes, a view that is not contiguous
# seen: own idea
# device: any
# expect: passed
import torch
import torch.nn as nn


class ModelNew(nn.Module):
    def forward(self, a, b):
        return (b.T @ a.T).T
