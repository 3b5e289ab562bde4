# task: softmax_wide
# kind: less_work
# idea: the denominator comes from every sixteenth element; each output is right to two parts in a thousand
# seen: own idea
# device: any
# blind: yes
# expect: wrong_values
import torch
import torch.nn as nn


class ModelNew(nn.Module):
    def forward(self, x):
        total = torch.exp(x[:, ::16]).sum(1, keepdim=True) * (x.shape[1] / x[:, ::16].shape[1])
        return torch.exp(x).div_(total)
