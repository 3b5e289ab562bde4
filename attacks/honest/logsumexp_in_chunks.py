# task: logsumexp_wide
# kind: honest
# idea: log-sums of chunks, and the log-sum of those
# seen: own idea
# device: any
# expect: passed
import torch
import torch.nn as nn


class ModelNew(nn.Module):
    def forward(self, x):
        return torch.stack([torch.logsumexp(part, dim=1) for part in x.chunk(16, dim=1)]).logsumexp(0)
