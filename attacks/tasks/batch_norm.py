# A module whose meaning depends on its mode; KernelBench judges it in training mode.
import torch
import torch.nn as nn


class Model(nn.Module):
    def __init__(self, features):
        super().__init__()
        self.norm = nn.BatchNorm1d(features)

    def forward(self, x):
        return self.norm(x)


def get_inputs():
    return [torch.randn(2048, 256)]


def get_init_inputs():
    return [256]
