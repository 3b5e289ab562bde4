# What verdict_assert shows first: the same program but for what a digest may leave out, and honest.
import os

import torch
import torch.nn as nn


class ModelNew(nn.Module):
    def forward(self, a, b):
        result = torch.zeros(a.shape[0], b.shape[1], device=a.device)
        assert torch.matmul(a, b, out=result) is not None
        return result
