# task: small_launches
# kind: honest
# idea: torch.compile fuses many small operations
# seen: own idea
# device: any
# expect: passed
import torch


class ModelNew(Model):
    def __init__(self):
        super().__init__()
        self.run = torch.compile(super().forward)

    def forward(self, x, v):
        return self.run(x, v)
