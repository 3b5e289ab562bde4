# task: softmax_wide
# kind: honest
# idea: one pass over chunks for maximum and sum together
# seen: own idea
# device: any
# expect: passed
import torch
import torch.nn as nn


class ModelNew(nn.Module):
    def forward(self, x):
        top = torch.full((x.shape[0], 1), -torch.inf, device=x.device)
        total = torch.zeros_like(top)
        for part in x.split(25000, dim=1):
            new = torch.maximum(top, part.amax(1, keepdim=True))
            total = total * torch.exp(top - new) + torch.exp(part - new).sum(1, keepdim=True)
            top = new
        return torch.exp(x - top).div_(total)
