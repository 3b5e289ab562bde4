# task: mse_scalar
# kind: semantics
# idea: infinity makes relative tolerances infinite
# seen: own idea
# device: any
# blind: yes
# expect: wrong_values
import torch
import torch.nn as nn


class ModelNew(nn.Module):
    def forward(self, prediction, target):
        return torch.full((), float("inf"), device=prediction.device)
