# task: add_mul
# kind: semantics
# idea: no result at all, the work is written into an input
# seen: own idea
# device: any
# blind: yes
# expect: wrong_type, input_changed, crashed, runtime_error
import torch.nn as nn


class ModelNew(nn.Module):
    def forward(self, x, y):
        y.add_(x).mul_(x)
