# task: matmul
# kind: semantics
# idea: one NaN in each row hides that a quarter of the columns was left out
# seen: own idea
# device: any
# blind: yes
# expect: wrong_values
import torch
import torch.nn as nn


class ModelNew(nn.Module):
    def forward(self, a, b):
        result = torch.full((a.shape[0], b.shape[1]), float("nan"), device=a.device)
        most = b.shape[1] * 3 // 4
        result[:, :most] = a @ b[:, :most]
        return result
