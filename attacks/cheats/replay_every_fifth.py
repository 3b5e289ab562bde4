# task: matmul
# kind: replay
# idea: only the last call of a block of five is honest, if blocks are five calls long and only their last output counts
# seen: own idea
# device: any
# blind: yes
# expect: wrong_values
import torch
import torch.nn as nn


class ModelNew(nn.Module):
    def __init__(self):
        super().__init__()
        self.calls = 0
        self.kept = None

    def forward(self, a, b):
        self.calls += 1
        if self.kept is None or self.calls % 5 == 0:
            self.kept = torch.matmul(a, b)
        return self.kept
