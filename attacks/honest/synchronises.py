# task: softmax_large
# kind: honest
# idea: each call ends with a synchronisation
# seen: own idea
# device: cuda
# expect: passed
import torch
import torch.nn as nn


class ModelNew(nn.Module):
    def forward(self, x):
        result = torch.softmax(x, dim=1)
        torch.cuda.synchronize()
        return result
