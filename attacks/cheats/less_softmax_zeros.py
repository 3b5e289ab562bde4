# task: softmax_wide
# kind: less_work
# idea: zeros lie within an absolute tolerance of small outputs
# seen: KernelBench tasks whose outputs are small
# device: any
# blind: yes
# expect: wrong_values
import torch
import torch.nn as nn


class ModelNew(nn.Module):
    def forward(self, x):
        return torch.zeros_like(x)
