# task: mlp
# kind: honest
# idea: layers of its own, made in the same order from the same seed
# seen: own idea
# device: any
# expect: passed
import torch
import torch.nn as nn


class ModelNew(nn.Module):
    def __init__(self, features, hidden, outputs):
        super().__init__()
        self.first = nn.Linear(features, hidden)
        self.second = nn.Linear(hidden, outputs)

    def forward(self, x):
        hidden = torch.addmm(self.first.bias, x, self.first.weight.T).relu_()
        return torch.addmm(self.second.bias, hidden, self.second.weight.T)
