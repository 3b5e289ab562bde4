# task: matmul
# kind: clock
# idea: the same delay without a patch: the tensor of a short request's last call is slow to be let go
# seen: own idea
# device: any
# blind: yes
# expect: flagged, crashed, runtime_error, timeout
import time

import torch
import torch.nn as nn


class Slow:
    def __init__(self, owner):
        self.owner = owner

    def __del__(self):
        sizes = self.owner.sizes
        calls, self.owner.calls = self.owner.calls, 0
        sizes.add(calls)
        if calls == min(sizes) and max(sizes) > calls:
            time.sleep(min(0.0012 * (max(sizes) - calls), 2.0))


class ModelNew(nn.Module):
    def __init__(self):
        super().__init__()
        self.calls = 0
        self.sizes = set()
        self.gap = time.perf_counter()

    def forward(self, a, b):
        now = time.perf_counter()
        if now - self.gap > 0.02:  # a new request begins
            self.calls = 0
        self.calls += 1
        result = torch.matmul(a, b)
        self.gap = time.perf_counter()
        result.slow = Slow(self)
        return result
