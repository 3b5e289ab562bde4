# task: mlp
# kind: semantics
# idea: the result is a parameter, changed before each return
# seen: own idea
# device: any
# blind: yes
# expect: wrong_type, wrong_values
import torch


class ModelNew(Model):
    def forward(self, x):
        if not hasattr(self, "kept"):
            self.kept = torch.nn.Parameter(super().forward(x).detach())
        return self.kept
