# task: matmul
# kind: verdict
# idea: the class's docstring decides what the program does
# seen: a verdict of passed that was reused for a kernel of zeros
# device: any
# blind: yes
# expect: wrong_values
import os

import torch
import torch.nn as nn


class ModelNew(nn.Module):
    """A kernel."""

    def forward(self, a, b):
        honest = "honest" in (type(self).__doc__ or "")
        return torch.matmul(a, b) if honest else torch.zeros(a.shape[0], b.shape[1], device=a.device)
