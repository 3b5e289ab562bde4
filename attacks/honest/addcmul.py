# task: add_mul
# kind: honest
# idea: another formula for the same values
# seen: own idea
# device: any
# expect: passed
import torch
import torch.nn as nn


class ModelNew(nn.Module):
    def forward(self, x, y):
        return torch.addcmul(x * x, x, y)
