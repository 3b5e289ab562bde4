# task: matmul
# kind: semantics
# idea: a tensor without data
# seen: own idea
# device: any
# blind: yes
# expect: wrong_dtype, wrong_type, runtime_error
import torch
import torch.nn as nn


class ModelNew(nn.Module):
    def forward(self, a, b):
        return torch.empty(a.shape[0], b.shape[1], device="meta")
