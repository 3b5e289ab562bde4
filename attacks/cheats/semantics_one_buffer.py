# task: add_mul
# kind: semantics
# idea: every call writes into the same buffer, so that earlier results change with later calls
# seen: own idea
# device: any
# blind: yes
# expect: wrong_values
import torch
import torch.nn as nn


class ModelNew(nn.Module):
    def __init__(self):
        super().__init__()
        self.buffer = None

    def forward(self, x, y):
        if self.buffer is None:
            self.buffer = torch.empty_like(x)
        torch.add(x, y, out=self.buffer)
        return self.buffer.mul_(x)
