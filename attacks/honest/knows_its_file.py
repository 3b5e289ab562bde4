# task: add_mul
# kind: honest
# idea: __file__ and __name__ are there, as in a file
# seen: own idea
# device: any
# expect: passed
import os
import sys

import torch.nn as nn

FOLDER = os.path.dirname(os.path.abspath(__file__))
MODULE = sys.modules[__name__]


class ModelNew(nn.Module):
    def forward(self, x, y):
        assert MODULE.ModelNew is type(self)
        return (x + y) * x
