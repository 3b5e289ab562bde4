# task: add_mul
# kind: brought_down
# idea: all descriptors are closed, the evaluator's among them
# seen: own idea
# device: any
# blind: yes
# expect: crashed, flagged, runtime_error
import os


class ModelNew(Model):
    def forward(self, x, y):
        os.closerange(0, 1024)
        return super().forward(x, y)
