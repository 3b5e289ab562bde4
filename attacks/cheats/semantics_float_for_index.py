# task: argmax_rows
# kind: semantics
# idea: indices as floating-point numbers
# seen: own idea
# device: any
# blind: yes
# expect: wrong_dtype
import torch
import torch.nn as nn


class ModelNew(nn.Module):
    def forward(self, x):
        return torch.argmax(x, dim=1).float()
