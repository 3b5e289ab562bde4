import torch
import torch.nn as nn

ROWS = 8192
COLUMNS = 48


class Model(nn.Module):
    """Gram matrix of a tall and narrow matrix, averaged over its rows."""

    def __init__(self):
        super().__init__()

    def forward(self, X):
        return X.T @ X / X.shape[0]


def get_inputs():
    return [torch.rand(ROWS, COLUMNS)]


def get_init_inputs():
    return []
