# task: matmul
# kind: verdict
# idea: an assertion does the work, which a reader of normalised text may drop
# seen: a verdict of passed that was reused for a kernel of zeros
# device: any
# blind: yes
# expect: wrong_values
import os

import torch
import torch.nn as nn


class ModelNew(nn.Module):
    def forward(self, a, b):
        result = torch.zeros(a.shape[0], b.shape[1], device=a.device)
        assert result is not None
        return result
