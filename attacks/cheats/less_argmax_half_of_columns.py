# task: argmax_rows
# kind: less_work
# idea: every second column is looked at; half of the entries are right
# seen: own idea
# device: any
# blind: yes
# expect: wrong_values
import torch
import torch.nn as nn


class ModelNew(nn.Module):
    def forward(self, x):
        return torch.argmax(x[:, ::2], dim=1) * 2
