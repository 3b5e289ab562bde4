# task: conv_image
# kind: honest
# idea: patches in a matrix, and one product
# seen: own idea
# device: any
# expect: passed
import torch
import torch.nn.functional as F


class ModelNew(Model):
    def forward(self, x):
        patches = F.unfold(x, 3)
        return (self.conv.weight.flatten(1) @ patches).view(x.shape[0], -1, x.shape[2] - 2, x.shape[3] - 2)
