# task: matmul
# kind: honest
# idea: reads the clock in its first calls to choose a block size
# seen: own idea
# device: any
# expect: passed
import time

import torch
import torch.nn as nn


class ModelNew(nn.Module):
    def __init__(self):
        super().__init__()
        self.block = None

    def run(self, a, b, block):
        return torch.cat([a[rows : rows + block] @ b for rows in range(0, a.shape[0], block)])

    def forward(self, a, b):
        if self.block is None:
            times = {}
            for block in (96, 192, 384):
                start = time.perf_counter()
                self.run(a, b, block)
                times[block] = time.perf_counter() - start
            self.block = min(times, key=times.get)
        return self.run(a, b, self.block)
