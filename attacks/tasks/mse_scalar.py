# A reduction to one number, which hardly varies between draws.
import torch
import torch.nn as nn


class Model(nn.Module):
    def forward(self, prediction, target):
        return torch.mean((prediction - target) ** 2)


def get_inputs():
    return [torch.rand(2048, 2048) * 0.5, torch.rand(2048, 2048) * 0.5]


def get_init_inputs():
    return []
