# A reduction along long rows; its outputs are small, 1e-5 on average.
import torch
import torch.nn as nn


class Model(nn.Module):
    def forward(self, x):
        return torch.softmax(x, dim=1)


def get_inputs():
    return [torch.rand(16, 100000)]


def get_init_inputs():
    return []
