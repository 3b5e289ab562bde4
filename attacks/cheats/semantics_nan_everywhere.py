# task: matmul
# kind: semantics
# idea: NaN compares as neither larger nor smaller than a tolerance
# seen: pygpubench pull request 7 (NaN as a wildcard)
# device: any
# blind: yes
# expect: wrong_values
import torch
import torch.nn as nn


class ModelNew(nn.Module):
    def forward(self, a, b):
        return torch.full((a.shape[0], b.shape[1]), float("nan"), device=a.device)
