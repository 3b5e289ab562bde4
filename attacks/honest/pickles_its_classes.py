# task: mlp
# kind: honest
# idea: a copy of the module through pickle
# seen: own idea
# device: any
# expect: passed
import pickle

import torch


class Settings:
    def __init__(self, scale):
        self.scale = scale


class ModelNew(Model):
    def __init__(self, *sizes):
        super().__init__(*sizes)
        self.settings = pickle.loads(pickle.dumps(Settings(1.0)))

    def forward(self, x):
        return super().forward(x) * self.settings.scale
