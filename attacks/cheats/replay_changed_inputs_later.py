# task: add_mul
# kind: replay
# idea: after the return the inputs are set to the first call's values, so that the first result is right for them
# seen: own idea
# device: any
# blind: yes
# expect: wrong_values, input_changed, crashed, runtime_error
import torch.nn as nn


class ModelNew(nn.Module):
    def __init__(self):
        super().__init__()
        self.kept = None

    def forward(self, x, y):
        if self.kept is None:
            self.kept = (x.clone(), y.clone(), (x + y) * x)
            return self.kept[2]
        x.data.copy_(self.kept[0])
        y.data.copy_(self.kept[1])
        return self.kept[2]
