# task: triangular
# kind: less_work
# idea: only blocks that random samples hit often are computed; the corner block is left at zero
# seen: own idea
# device: any
# blind: yes
# expect: wrong_values
import torch
import torch.nn as nn


class ModelNew(nn.Module):
    def forward(self, a, b):
        half = a.shape[0] // 2
        result = torch.zeros_like(a)
        result[:half, :half] = a[:half, :half] @ b[:half, :half]
        result[half:, half:] = a[half:, half:] @ b[half:, half:]
        return result
