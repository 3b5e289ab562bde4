# task: matmul
# kind: replay
# idea: the result is kept by the address of the inputs
# seen: reports on generated kernels (wafer.ai field guide, pattern "cached results"); tensara pull request 238
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
        key = (a.data_ptr(), b.data_ptr())
        if key not in self.kept:
            self.kept[key] = torch.matmul(a, b)
        return self.kept[key]
