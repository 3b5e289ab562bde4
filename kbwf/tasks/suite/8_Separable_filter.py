import torch
import torch.nn as nn
import torch.nn.functional as F

TAPS = 15
SIZE = 96


class Model(nn.Module):
    """Smooths images with a filter that is the outer product of two short ones."""

    def __init__(self, taps):
        super().__init__()
        self.row = nn.Parameter(torch.rand(taps) / taps)
        self.col = nn.Parameter(torch.rand(taps) / taps)

    def forward(self, x):
        kernel = torch.outer(self.col, self.row)
        return F.conv2d(x, kernel[None, None])


def get_inputs():
    return [torch.rand(2, 1, SIZE, SIZE) * 10]


def get_init_inputs():
    return [TAPS]
