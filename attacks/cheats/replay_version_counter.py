# task: matmul
# kind: replay
# idea: address, version counter and two values stand for the inputs
# seen: kernels that passed at 180x
# device: any
# blind: yes
# expect: wrong_values
import torch
import torch.nn as nn


class ModelNew(nn.Module):
    def __init__(self):
        super().__init__()
        self.key = self.kept = None

    def forward(self, a, b):
        key = (a.data_ptr(), a._version, b._version, float(a[0, 0]), float(b[0, 0]))
        if key != self.key:
            self.key, self.kept = key, torch.matmul(a, b)
        return self.kept
