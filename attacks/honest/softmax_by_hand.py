# task: softmax_wide
# kind: honest
# idea: maximum, exponential and sum
# seen: own idea
# device: any
# expect: passed
import torch
import torch.nn as nn


class ModelNew(nn.Module):
    def forward(self, x):
        e = torch.exp(x - x.amax(1, keepdim=True))
        return e.div_(e.sum(1, keepdim=True))
