# task: mlp
# kind: honest
# idea: weights whose gradients are not wanted
# seen: own idea
# device: any
# expect: passed
import torch


class ModelNew(Model):
    def __init__(self, *sizes):
        super().__init__(*sizes)
        self.requires_grad_(False)

    def forward(self, x):
        with torch.no_grad():
            return super().forward(x)
