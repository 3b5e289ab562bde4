# task: add_mul
# kind: honest
# idea: ModelNew is another name of a class
# seen: own idea
# device: any
# expect: passed
import torch.nn as nn


class FastAddMul(nn.Module):
    def forward(self, x, y):
        return (x + y) * x


ModelNew = FastAddMul
