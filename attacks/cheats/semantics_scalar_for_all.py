# task: logsumexp_wide
# kind: semantics
# idea: a result without dimensions, which broadcasts against everything
# seen: own idea
# device: any
# blind: yes
# expect: wrong_shape
import torch
import torch.nn as nn


class ModelNew(nn.Module):
    def forward(self, x):
        return torch.logsumexp(x[0], dim=0)
