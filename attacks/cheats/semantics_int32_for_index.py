# task: argmax_rows
# kind: semantics
# idea: indices of half the width
# seen: own idea
# device: any
# blind: yes
# expect: wrong_dtype
import torch
import torch.nn as nn


class ModelNew(nn.Module):
    def forward(self, x):
        return torch.argmax(x, dim=1).int()
