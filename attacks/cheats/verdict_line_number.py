# task: matmul
# kind: verdict
# idea: the line that the program stands on decides; blank lines are in no digest
# seen: a verdict of passed that was reused for a kernel of zeros
# device: any
# blind: yes
# expect: wrong_values
import sys

import torch
import torch.nn as nn


class ModelNew(nn.Module):
    def forward(self, a, b):
        return torch.matmul(a, b) if sys._getframe().f_lineno > 60 else torch.zeros(a.shape[0], b.shape[1], device=a.device)
