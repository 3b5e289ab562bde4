# task: add_mul
# kind: replay
# idea: the first result is given back for ever
# seen: KernelBench unit_tests/test_kernels (result reuse)
# device: any
# blind: yes
# expect: wrong_values
import torch.nn as nn


class ModelNew(nn.Module):
    def __init__(self):
        super().__init__()
        self.kept = None

    def forward(self, x, y):
        if self.kept is None:
            self.kept = (x + y) * x
        return self.kept
