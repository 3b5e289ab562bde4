# task: softmax_wide
# kind: honest
# idea: a pool of threads that lives as long as the module
# seen: own idea
# device: any
# expect: passed
from concurrent.futures import ThreadPoolExecutor

import torch
import torch.nn as nn


class ModelNew(nn.Module):
    def __init__(self):
        super().__init__()
        self.pool = ThreadPoolExecutor(2)

    def forward(self, x):
        parts = list(self.pool.map(lambda part: torch.softmax(part, dim=1), x.chunk(4)))
        if x.is_cuda:
            torch.cuda.synchronize()
        return torch.cat(parts)
