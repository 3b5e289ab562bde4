# task: mlp
# kind: honest
# idea: runs under inference mode
# seen: own idea
# device: any
# expect: passed
import torch


class ModelNew(Model):
    @torch.inference_mode()
    def forward(self, x):
        return super().forward(x)
