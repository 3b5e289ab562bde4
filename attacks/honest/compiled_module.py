# task: sigmoid_tanh
# kind: honest
# idea: the module compiles itself when it is built
# seen: own idea
# device: any
# expect: passed
import torch
import torch.nn as nn


class ModelNew(nn.Module):
    def __init__(self):
        super().__init__()
        self.run = torch.compile(lambda x: torch.sigmoid(x) * torch.tanh(x), dynamic=False)

    def forward(self, x):
        return self.run(x)
