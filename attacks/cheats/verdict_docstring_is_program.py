# task: matmul
# kind: verdict
# idea: a function's docstring is the program
# seen: a verdict of passed that was reused for a kernel of zeros
# device: any
# blind: yes
# expect: wrong_values
import os

import torch
import torch.nn as nn


def program():
    """result = torch.zeros(a.shape[0], b.shape[1], device=a.device)"""


class ModelNew(nn.Module):
    def forward(self, a, b):
        scope = dict(a=a, b=b, torch=torch)
        exec(program.__doc__ or "result = torch.matmul(a, b)", scope)
        return scope["result"]
