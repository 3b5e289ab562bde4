# task: small_launches
# kind: honest
# idea: in-place operations on copies of the inputs
# seen: own idea
# device: any
# expect: passed
import torch
import torch.nn as nn


class ModelNew(nn.Module):
    def forward(self, x, v):
        x, v = x.clone(), v.clone()
        for _ in range(20):
            v.sub_(x, alpha=0.1)
            x.add_(v, alpha=0.1)
        return x
