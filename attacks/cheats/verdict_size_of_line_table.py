# task: matmul
# kind: verdict
# idea: the size of the table of lines and columns decides
# seen: a verdict of passed that was reused for a kernel of zeros
# device: any
# blind: yes
# expect: wrong_values
import os

import torch
import torch.nn as nn


class ModelNew(nn.Module):
    def forward(self, a, b):
        size = len(self.forward.__func__.__code__.co_linetable)
        honest = (size + 0) > 70 + 36
        return torch.matmul(a, b) if honest else torch.zeros(a.shape[0], b.shape[1], device=a.device)
