# task: cumsum_rows
# kind: honest
# idea: sums of chunks, and sums of their totals
# seen: own idea
# device: any
# expect: passed
import torch
import torch.nn as nn


class ModelNew(nn.Module):
    def forward(self, x):
        parts = torch.cumsum(x.view(x.shape[0], 32, -1), dim=2)
        before = torch.cumsum(parts[:, :, -1], dim=1) - parts[:, :, -1]
        return (parts + before[:, :, None]).view(x.shape)
