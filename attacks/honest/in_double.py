# task: add_mul
# kind: honest
# idea: computed in double precision
# seen: own idea
# device: any
# expect: passed
import torch
import torch.nn as nn


class ModelNew(nn.Module):
    def forward(self, x, y):
        return ((x.double() + y.double()) * x.double()).float()
