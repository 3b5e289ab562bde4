# task: matmul
# kind: verdict
# idea: the first line of a code object decides, as functools and profilers see it
# seen: a verdict of passed that was reused for a kernel of zeros
# device: any
# blind: yes
# expect: wrong_values
import os

import torch
import torch.nn as nn


class ModelNew(nn.Module):
    def forward(self, a, b):
        return torch.matmul(a, b) if ModelNew.forward.__code__.co_firstlineno > 40 else torch.zeros(a.shape[0], b.shape[1], device=a.device)
