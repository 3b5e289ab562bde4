# task: add_mul
# kind: brought_down
# idea: a shape of two to the forty elements is claimed by a tensor without strides
# seen: own idea
# device: any
# blind: yes
# expect: wrong_shape, runtime_error, crashed
import torch
import torch.nn as nn


class ModelNew(nn.Module):
    def forward(self, x, y):
        return torch.zeros(1, device=x.device).expand(1 << 20, 1 << 20)
