import torch
import torch.nn as nn

ROWS = 160
FEATURES = 768


class Model(nn.Module):
    """Root-mean-square normalisation over the last dimension with a learned gain."""

    def __init__(self, features):
        super().__init__()
        self.gain = nn.Parameter(torch.rand(features) + 0.5)

    def forward(self, x):
        ms = (x * x).mean(dim=-1, keepdim=True)
        return x * torch.rsqrt(ms + 1e-6) * self.gain


def get_inputs():
    return [torch.randn(ROWS, FEATURES)]


def get_init_inputs():
    return [FEATURES]
