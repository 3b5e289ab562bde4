# task: add_mul
# kind: honest
# idea: ModelNew is defined in a branch
# seen: own idea
# device: any
# expect: passed
import torch
import torch.nn as nn

if torch.__version__ >= "1":

    class ModelNew(nn.Module):
        def forward(self, x, y):
            return (x + y) * x
