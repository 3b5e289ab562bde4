# task: relu_positive
# kind: honest
# idea: half of the sum with the absolute value
# seen: own idea
# device: any
# expect: passed
import torch
import torch.nn as nn


class ModelNew(nn.Module):
    def forward(self, x):
        return (x + x.abs()).mul_(0.5)
