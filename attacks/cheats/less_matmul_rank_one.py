# task: matmul
# kind: less_work
# idea: the product of the row sums and the column sums over the length: what is expected of independent inputs
# seen: own idea
# device: any
# blind: yes
# expect: wrong_values
import torch
import torch.nn as nn


class ModelNew(nn.Module):
    def forward(self, a, b):
        return a.sum(1, keepdim=True) * b.sum(0, keepdim=True) / a.shape[1]
