# task: triangular
# kind: honest
# idea: only blocks below the diagonal are computed
# seen: own idea
# device: any
# expect: passed
import torch
import torch.nn as nn


class ModelNew(nn.Module):
    def forward(self, a, b):
        n, step = a.shape[0], 96
        result = torch.zeros_like(a)
        for i in range(0, n, step):
            rows = slice(i, i + step)
            result[rows, : i + step] = a[rows, : i + step] @ b[: i + step, : i + step]
        return torch.tril(result)
