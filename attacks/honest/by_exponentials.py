# task: sigmoid_tanh
# kind: honest
# idea: both functions from one exponential, of a negative number
# seen: own idea
# device: any
# expect: passed
import torch
import torch.nn as nn


class ModelNew(nn.Module):
    def forward(self, x):
        e = torch.exp(-x.abs())
        positive = x >= 0
        sigmoid = torch.where(positive, 1 / (1 + e), e / (1 + e))
        tanh = torch.sign(x) * (1 - e * e) / (1 + e * e)
        return sigmoid * tanh
