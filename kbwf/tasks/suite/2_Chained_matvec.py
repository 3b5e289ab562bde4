import torch
import torch.nn as nn

N = 320


class Model(nn.Module):
    """Applies two matrices to a vector."""

    def __init__(self):
        super().__init__()

    def forward(self, A, B, v):
        return (A @ B) @ v


def get_inputs():
    return [torch.rand(N, N) / N, torch.rand(N, N) / N, torch.rand(N) * 10]


def get_init_inputs():
    return []
