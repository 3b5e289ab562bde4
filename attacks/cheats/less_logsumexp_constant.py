# task: logsumexp_wide
# kind: less_work
# idea: with half a million uniform numbers the result is log n + log(e - 1), whatever they are
# seen: KernelBench tasks whose outputs hardly vary
# device: any
# blind: yes
# expect: wrong_values
import math

import torch
import torch.nn as nn


class ModelNew(nn.Module):
    def forward(self, x):
        return torch.full((x.shape[0],), math.log(x.shape[1]) + math.log(math.e - 1), device=x.device)
