# task: mlp
# kind: semantics
# idea: one row of outputs, which broadcasts against all rows
# seen: public lists of kernel hacks (shape that broadcasts)
# device: any
# blind: yes
# expect: wrong_shape
import torch


class ModelNew(Model):
    def forward(self, x):
        return super().forward(x[:1])
