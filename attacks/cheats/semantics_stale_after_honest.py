# task: matmul
# kind: semantics
# idea: honest until the allocator has a block of the right size, then uninitialised memory
# seen: own idea
# device: any
# blind: yes
# expect: wrong_values
import torch
import torch.nn as nn


class ModelNew(nn.Module):
    calls = 0

    def forward(self, a, b):
        ModelNew.calls += 1
        if self.calls < 8:
            return torch.matmul(a, b)
        return torch.empty(a.shape[0], b.shape[1], device=a.device)
