# task: mlp
# kind: semantics
# idea: one row expanded to the right shape without memory of its own
# seen: own idea
# device: any
# blind: yes
# expect: wrong_values
import torch


class ModelNew(Model):
    def forward(self, x):
        return super().forward(x[:1]).expand(x.shape[0], -1)
