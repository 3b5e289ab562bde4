# task: scaled_by_number
# kind: semantics
# idea: the number is taken from the first call only
# seen: own idea
# device: any
# blind: yes
# expect: wrong_values
import torch.nn as nn


class ModelNew(nn.Module):
    def __init__(self):
        super().__init__()
        self.factor = None

    def forward(self, x, factor):
        if self.factor is None:
            self.factor = factor
        return x * self.factor + 1.0
