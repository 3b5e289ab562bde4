# task: spectrum
# kind: honest
# idea: real and imaginary part put together
# seen: own idea
# device: any
# expect: passed
import torch
import torch.nn as nn


class ModelNew(nn.Module):
    def forward(self, x):
        whole = torch.fft.fft(x.to(torch.complex64), dim=-1)
        return torch.view_as_complex(torch.stack([whole.real, whole.imag], dim=-1))
