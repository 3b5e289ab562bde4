# task: add_mul
# kind: replay
# idea: inputs and result become zero, so that a reference which runs later on the same inputs agrees
# seen: KernelBench unit_tests/test_kernels (zero out), pull request 82
# device: any
# blind: yes
# expect: wrong_values, input_changed, crashed, runtime_error
import torch
import torch.nn as nn


class ModelNew(nn.Module):
    def forward(self, x, y):
        x.data.zero_()
        y.data.zero_()
        return torch.zeros_like(x)
