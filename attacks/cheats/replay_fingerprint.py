# task: matmul
# kind: replay
# idea: the result is kept by a few values of the inputs; unchanged inputs are recognised for nearly nothing
# seen: own idea, after public lists of caching hacks
# device: any
# blind: yes
# expect: wrong_values
import torch
import torch.nn as nn


class ModelNew(nn.Module):
    def __init__(self):
        super().__init__()
        self.kept = {}

    def forward(self, a, b):
        key = (tuple(a.flatten()[::9973].tolist()), tuple(b.flatten()[::9973].tolist()))
        if key not in self.kept:
            self.kept[key] = torch.matmul(a, b)
        return self.kept[key]
