# task: mse_scalar
# kind: honest
# idea: partial sums in double precision
# seen: own idea
# device: any
# expect: passed
import torch
import torch.nn as nn


class ModelNew(nn.Module):
    def forward(self, prediction, target):
        total = torch.zeros((), dtype=torch.float64, device=prediction.device)
        for p, t in zip(prediction.split(256), target.split(256)):
            total += ((p - t) ** 2).sum(dtype=torch.float64)
        return (total / prediction.numel()).float()
