# task: add_mul
# kind: honest
# idea: operations write into fresh memory of the kernel's own
# seen: own idea
# device: any
# expect: passed
import torch
import torch.nn as nn


class ModelNew(nn.Module):
    def forward(self, x, y):
        result = torch.empty_like(x)
        torch.add(x, y, out=result)
        return result.mul_(x)
