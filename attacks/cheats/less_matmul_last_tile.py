# task: matmul
# kind: less_work
# idea: the last rows are copied from the rows before them, in the hope that samples miss them
# seen: own idea
# device: any
# blind: yes
# expect: wrong_values
import torch
import torch.nn as nn


class ModelNew(nn.Module):
    def forward(self, a, b):
        result = torch.empty(a.shape[0], b.shape[1], device=a.device)
        torch.matmul(a[:-32], b, out=result[:-32])
        result[-32:] = result[-64:-32]
        return result
