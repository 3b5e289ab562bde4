# task: matmul
# kind: reference
# idea: after the call the inputs become subnormal numbers, on which processors are slow, for a reference that shares them
# seen: own idea
# device: any
# blind: yes
# expect: input_changed, wrong_values, crashed, runtime_error
import torch
import torch.nn as nn


class ModelNew(nn.Module):
    def forward(self, a, b):
        result = torch.matmul(a, b)
        a.data.mul_(1e-39)
        b.data.mul_(1e-3)
        return result
