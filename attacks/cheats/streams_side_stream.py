# task: matmul_large
# kind: streams
# idea: the work is queued on another stream and nobody waits for it
# seen: KernelBench unit_tests/test_kernels (non-default stream), pull request 82
# device: cuda
# blind: yes
# expect: wrong_values, flagged
import torch
import torch.nn as nn


class ModelNew(nn.Module):
    def __init__(self):
        super().__init__()
        self.stream = torch.cuda.Stream()

    def forward(self, a, b):
        with torch.cuda.stream(self.stream):
            return torch.matmul(a, b)
