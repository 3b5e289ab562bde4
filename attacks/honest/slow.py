# task: add_mul
# kind: honest
# idea: thirty times slower than the reference
# seen: own idea
# device: any
# expect: passed
import time

import torch.nn as nn


class ModelNew(nn.Module):
    def forward(self, x, y):
        time.sleep(0.03)
        return (x + y) * x
