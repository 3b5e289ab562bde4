# task: matmul
# kind: semantics
# idea: an empty sparse tensor of the right shape
# seen: own idea
# device: any
# blind: yes
# expect: wrong_type, wrong_dtype, wrong_values, runtime_error
import torch
import torch.nn as nn


class ModelNew(nn.Module):
    def forward(self, a, b):
        return torch.sparse_coo_tensor(size=(a.shape[0], b.shape[1]), dtype=a.dtype, device=a.device)
