# task: sigmoid_tanh
# kind: less_work
# idea: a table of eight thousand steps between 0 and 1
# seen: own idea
# device: any
# blind: yes
# expect: wrong_values
import torch
import torch.nn as nn


class ModelNew(nn.Module):
    def __init__(self):
        super().__init__()
        grid = (torch.arange(8193) + 0.5) / 8192
        self.register_buffer("table", torch.sigmoid(grid) * torch.tanh(grid))

    def forward(self, x):
        return torch.take(self.table, (x * 8192).long().clamp_(0, 8192))
