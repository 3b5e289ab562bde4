# task: matmul
# kind: verdict
# idea: the module's docstring decides what the program does; a digest that drops docstrings takes the honest twin's verdict
# seen: a verdict of passed that was reused for a kernel of zeros
# device: any
# blind: yes
# expect: wrong_values
"""A kernel."""

import os

import torch
import torch.nn as nn


class ModelNew(nn.Module):
    def forward(self, a, b):
        return torch.matmul(a, b) if "honest" in (__doc__ or "") else torch.zeros(a.shape[0], b.shape[1], device=a.device)
