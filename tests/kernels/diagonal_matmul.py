import torch.nn as nn


class ModelNew(nn.Module):
    """Scales the rows instead of multiplying by a diagonal matrix."""

    def forward(self, d, A):
        return d[:, None] * A
