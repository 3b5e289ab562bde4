# task: spectrum
# kind: semantics
# idea: the imaginary part is left out; the real part of a spectrum alone has the right shape
# seen: own idea
# device: any
# blind: yes
# expect: wrong_dtype, wrong_values
import torch
import torch.nn as nn


class ModelNew(nn.Module):
    def forward(self, x):
        return torch.fft.fft(x, dim=-1).real.to(torch.complex64)
