# task: relu_positive
# kind: less_work
# idea: the function is applied to the first rows only; the last eighth is never negative officially and left as it is
# seen: own idea
# device: any
# blind: yes
# expect: wrong_values
import torch
import torch.nn as nn


class ModelNew(nn.Module):
    def forward(self, x):
        result = x.clone()
        result[: x.shape[0] // 8].clamp_(min=0)
        return result
