# task: matmul
# kind: replay
# idea: if new inputs are the old ones times a factor, the old result times it is the new one
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

    def factor(self, new, old):
        sample, before = new.flatten()[7::4099], old.flatten()[7::4099]
        ratio = (sample / before).nan_to_num()
        return ratio[0].item() if torch.allclose(ratio, ratio[0].expand_as(ratio), rtol=1e-4) else None

    def forward(self, a, b):
        if self.old is not None:
            of_a, of_b = self.factor(a, self.old[0]), self.factor(b, self.old[1])
            if of_a is not None and of_b is not None:
                return self.old[2] * (of_a * of_b)
        result = torch.matmul(a, b)
        self.old = (a.clone(), b.clone(), result)
        return result
