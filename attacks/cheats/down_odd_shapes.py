# task: add_mul
# kind: brought_down
# idea: a tensor of sixty-four dimensions of size one, then an empty one
# seen: own idea
# device: any
# blind: yes
# expect: wrong_shape, runtime_error
import torch
import torch.nn as nn


class ModelNew(nn.Module):
    calls = 0

    def forward(self, x, y):
        ModelNew.calls += 1
        return torch.zeros([1] * 64, device=x.device) if self.calls % 2 else torch.zeros(0, 5, device=x.device)
