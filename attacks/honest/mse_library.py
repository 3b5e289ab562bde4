# task: mse_scalar
# kind: honest
# idea: the library's loss
# seen: own idea
# device: any
# expect: passed
import torch
import torch.nn as nn


class ModelNew(nn.Module):
    def forward(self, prediction, target):
        return nn.functional.mse_loss(prediction, target)
