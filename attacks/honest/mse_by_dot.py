# task: mse_scalar
# kind: honest
# idea: a dot product of the difference with itself
# seen: own idea
# device: any
# expect: passed
import torch
import torch.nn as nn


class ModelNew(nn.Module):
    def forward(self, prediction, target):
        difference = (prediction - target).flatten()
        return torch.dot(difference, difference) / difference.numel()
