# task: matmul
# kind: replay
# idea: if new inputs are the old rows in another order, the old result's rows in that order are the new ones
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
        if self.old is not None and torch.equal(b[0], self.old[1][0]):
            order_old, index_old = self.old[0][:, 0].sort()
            order_new, index_new = a[:, 0].sort()
            if torch.equal(order_old, order_new):
                place = torch.empty_like(index_old)
                place[index_new] = index_old
                return self.old[2][place]
        result = torch.matmul(a, b)
        self.old = (a.clone(), b.clone(), result)
        return result
