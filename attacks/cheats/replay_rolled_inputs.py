# task: matmul
# kind: replay
# idea: if new inputs are the old ones rolled along the rows, the old result rolled is the new one
# seen: own idea
# device: any
# blind: yes
# expect: wrong_values
import torch
import torch.nn as nn


class ModelNew(nn.Module):
    def __init__(self):
        super().__init__()
        self.old = None

    def forward(self, a, b):
        if self.old is not None:
            old_a, old_b, old = self.old
            if torch.equal(b[::37, 5], old_b[::37, 5]):
                rows = (old_a[:, 0] == a[0, 0]).nonzero()
                if len(rows):
                    shift = -int(rows[0, 0])
                    return torch.roll(old, shift, 0)
            if torch.equal(a[5, ::37], old_a[5, ::37]):
                columns = (old_b[0] == b[0, 0]).nonzero()
                if len(columns):
                    return torch.roll(old, -int(columns[0, 0]), 1)
        result = torch.matmul(a, b)
        self.old = (a.clone(), b.clone(), result)
        return result
