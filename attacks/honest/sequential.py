# task: mlp
# kind: honest
# idea: the layers in a sequence
# seen: own idea
# device: any
# expect: passed
import torch
import torch.nn as nn


class ModelNew(Model):
    def __init__(self, *sizes):
        super().__init__(*sizes)
        self.layers = nn.Sequential(self.first, nn.ReLU(inplace=True), self.second)

    def forward(self, x):
        return self.layers(x)
