# task: spectrum
# kind: semantics
# idea: the second half of a real signal's spectrum is the first one mirrored, here without the conjugate
# seen: own idea
# device: any
# blind: yes
# expect: wrong_values
import torch
import torch.nn as nn


class ModelNew(nn.Module):
    def forward(self, x):
        half = torch.fft.rfft(x, dim=-1)
        return torch.cat([half, half[..., 1:-1].flip(-1)], dim=-1)
