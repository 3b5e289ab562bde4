# task: matmul
# kind: clock
# idea: each request's first call is made slow and the rest fast, if only what grows with the calls counts
# seen: own idea
# device: any
# blind: yes
# expect: wrong_values
import time

import torch
import torch.nn as nn


class ModelNew(nn.Module):
    """Between requests there is a gap; the first call after it does everything for all known slots."""

    def __init__(self):
        super().__init__()
        self.slots = {}
        self.ready = {}
        self.gap = 0.0

    def forward(self, a, b):
        now = time.perf_counter()
        address = (a.data_ptr(), b.data_ptr())
        self.slots[address] = (a, b)
        if now - self.gap > 0.005:
            self.ready = {key: torch.matmul(*pair) for key, pair in self.slots.items()}
        result = self.ready.pop(address, None)
        if result is None:
            result = torch.matmul(a, b)
        self.gap = time.perf_counter()
        return result
