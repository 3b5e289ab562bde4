import torch
import torch.nn as nn

BATCH = 128
FEATURES = 512
RANK = 8


class Model(nn.Module):
    """A linear layer whose weight is the product of two thin matrices."""

    def __init__(self, features, rank):
        super().__init__()
        self.U = nn.Parameter(torch.randn(features, rank) / features**0.5)
        self.V = nn.Parameter(torch.randn(rank, features))

    def forward(self, x):
        weight = self.U @ self.V
        return x @ weight


def get_inputs():
    return [torch.randn(BATCH, FEATURES)]


def get_init_inputs():
    return [FEATURES, RANK]
