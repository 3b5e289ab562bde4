# task: matmul
# kind: semantics
# idea: the returned tensor's storage is exchanged for the right one by the next call
# seen: own idea
# device: any
# blind: yes
# expect: wrong_values
import torch
import torch.nn as nn


class ModelNew(nn.Module):
    def __init__(self):
        super().__init__()
        self.owed = None

    def forward(self, a, b):
        if self.owed is not None:
            result, old_a, old_b = self.owed
            result.set_(torch.matmul(old_a, old_b))
        result = torch.empty(a.shape[0], b.shape[1], device=a.device)
        self.owed = (result, a, b)
        return result
