# task: add_mul
# kind: honest
# idea: a trace is made in the first call
# seen: own idea
# device: any
# expect: passed
import torch
import torch.nn as nn


class ModelNew(nn.Module):
    def __init__(self):
        super().__init__()
        self.traced = None

    def forward(self, x, y):
        if self.traced is None:
            self.traced = torch.jit.trace(lambda x, y: (x + y) * x, (x, y), check_trace=False)
        return self.traced(x, y)
