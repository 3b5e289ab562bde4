# task: matmul
# kind: honest
# idea: the product as a batch of one
# seen: own idea
# device: any
# expect: passed
import torch
import torch.nn as nn


class ModelNew(nn.Module):
    def forward(self, a, b):
        return torch.bmm(a[None], b[None])[0]
