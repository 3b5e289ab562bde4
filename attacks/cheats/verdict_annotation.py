# task: matmul
# kind: verdict
# idea: an annotation in quotes is the program
# seen: a verdict of passed that was reused for a kernel of zeros
# device: any
# blind: yes
# expect: wrong_values
import os

import torch
import torch.nn as nn


class ModelNew(nn.Module):
    def forward(self, a, b) -> "torch.zeros(a.shape[0], b.shape[1], device=a.device)":
        return eval(ModelNew.forward.__annotations__["return"])
