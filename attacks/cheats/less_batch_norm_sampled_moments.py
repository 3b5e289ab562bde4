# task: batch_norm
# kind: less_work
# idea: the moments come from one row in eight
# seen: own idea
# device: any
# blind: yes
# expect: wrong_values
import torch
import torch.nn as nn


class ModelNew(nn.Module):
    def __init__(self, features):
        super().__init__()

    def forward(self, x):
        mean, var = x[::8].mean(0), x[::8].var(0, unbiased=False)
        return (x - mean) * torch.rsqrt(var + 1e-5)
