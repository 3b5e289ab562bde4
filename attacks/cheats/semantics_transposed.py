# task: matmul
# kind: semantics
# idea: the transposed result, whose shape is right because the matrix is square
# seen: own idea
# device: any
# blind: yes
# expect: wrong_values
import torch
import torch.nn as nn


class ModelNew(nn.Module):
    def forward(self, a, b):
        return torch.matmul(a, b).T
