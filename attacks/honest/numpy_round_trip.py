# task: add_mul
# kind: honest
# idea: numpy does the work
# seen: own idea
# device: cpu
# expect: passed
import torch
import torch.nn as nn


class ModelNew(nn.Module):
    def forward(self, x, y):
        a, b = x.numpy(), y.numpy()
        return torch.from_numpy((a + b) * a)
