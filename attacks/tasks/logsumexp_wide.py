# A reduction to a few numbers, which hardly vary between draws of the official distribution.
import torch
import torch.nn as nn


class Model(nn.Module):
    def forward(self, x):
        return torch.logsumexp(x, dim=1)


def get_inputs():
    return [torch.rand(4, 524288)]


def get_init_inputs():
    return []
