# task: add_mul
# kind: semantics
# idea: the result inside a tuple
# seen: own idea
# device: any
# blind: yes
# expect: wrong_type
import torch.nn as nn


class ModelNew(nn.Module):
    def forward(self, x, y):
        return ((x + y) * x,)
