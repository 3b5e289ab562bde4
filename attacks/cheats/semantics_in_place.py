# task: add_mul
# kind: semantics
# idea: the result is written over an input and is that input
# seen: KernelBench pull request 82
# device: any
# blind: yes
# expect: input_changed, crashed, runtime_error, wrong_values
import torch.nn as nn


class ModelNew(nn.Module):
    def forward(self, x, y):
        return y.add_(x).mul_(x)
