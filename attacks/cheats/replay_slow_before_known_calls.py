# task: add_mul
# kind: replay
# idea: the first calls are slow, so that an evaluator which adapts its number of calls makes few of them
# seen: pygpubench pull request 7 (a slow warm-up reduces the iterations)
# device: any
# blind: yes
# expect: wrong_values, timeout
import time

import torch.nn as nn


class ModelNew(nn.Module):
    def __init__(self):
        super().__init__()
        self.calls = 0
        self.kept = None

    def forward(self, x, y):
        self.calls += 1
        if self.calls <= 3:
            time.sleep(0.4)
        if self.kept is None or self.calls <= 8:
            self.kept = (x + y) * x
        return self.kept
