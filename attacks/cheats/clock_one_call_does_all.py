# task: matmul
# kind: clock
# idea: the sum of a block's times is true and their median is not: one call in five is as slow as five, the others are nothing
# seen: this project's earlier judge
# device: any
# blind: no
# expect: wrong_values
import sys

import torch
import torch.nn as nn


class ModelNew(nn.Module):
    """Within a request for five calls only the last one works, four times over; the others give the last result."""

    def __init__(self):
        super().__init__()
        self.kept = None
        self.calls = 0

    def forward(self, a, b):
        frame = sys._getframe(1)
        while frame is not None and "num_calls" not in frame.f_locals:
            frame = frame.f_back
        if frame is None or self.kept is None:
            self.kept = torch.matmul(a, b)
            return self.kept
        self.calls += 1
        if self.calls % frame.f_locals["num_calls"] == 0:
            for _ in range(4):
                torch.matmul(a, b)
            self.kept = torch.matmul(a, b)
        return self.kept
