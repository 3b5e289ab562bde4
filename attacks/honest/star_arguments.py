# task: mlp
# kind: honest
# idea: arguments taken as they come
# seen: own idea
# device: any
# expect: passed
import torch


class ModelNew(Model):
    def __init__(self, *args, **kwargs):
        super().__init__(*args, **kwargs)
        self.scale = kwargs.get("scale", 1.0)

    def forward(self, *inputs, **named):
        return super().forward(*inputs, **named) * self.scale
