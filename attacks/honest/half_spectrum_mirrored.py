# task: spectrum
# kind: honest
# idea: a real signal's spectrum is its half and the half's conjugate mirrored
# seen: own idea
# device: any
# expect: passed
import torch
import torch.nn as nn


class ModelNew(nn.Module):
    def forward(self, x):
        half = torch.fft.rfft(x, dim=-1)
        return torch.cat([half, half[..., 1:-1].flip(-1).conj()], dim=-1)
