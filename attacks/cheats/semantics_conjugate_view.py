# task: spectrum
# kind: semantics
# idea: a lazily conjugated view, of the conjugate input's wrong half
# seen: own idea
# device: any
# blind: yes
# expect: wrong_values
import torch
import torch.nn as nn


class ModelNew(nn.Module):
    def forward(self, x):
        return torch.fft.fft(x, dim=-1).conj()
