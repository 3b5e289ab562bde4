# task: matmul
# kind: less_work
# idea: the last eighth of the terms is replaced by its mean
# seen: own idea
# device: any
# blind: yes
# expect: wrong_values
import torch
import torch.nn as nn


class ModelNew(nn.Module):
    def forward(self, a, b):
        most = a.shape[1] * 7 // 8
        return torch.matmul(a[:, :most], b[:most]) + 0.25 * (a.shape[1] - most)
