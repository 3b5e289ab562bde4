# task: add_mul
# kind: replay
# idea: honest for the first calls, which are the correctness trials; later calls give back the last result
# seen: pygpubench pull request 7 (warm-up detection)
# device: any
# blind: yes
# expect: wrong_values
import torch.nn as nn


class ModelNew(nn.Module):
    def __init__(self):
        super().__init__()
        self.calls = 0
        self.kept = None

    def forward(self, x, y):
        self.calls += 1
        if self.calls <= 12:
            self.kept = (x + y) * x
        return self.kept
