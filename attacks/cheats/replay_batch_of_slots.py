# task: small_launches
# kind: replay
# idea: the first call of a request does the work of all slots seen so far in one batch; the others only look it up
# seen: gpu-mode reference-kernels pull request 104 (batch and skip)
# device: any
# blind: yes
# expect: wrong_values
import torch
import torch.nn as nn


def chain(x, v):
    for _ in range(20):
        v = v - 0.1 * x
        x = x + 0.1 * v
    return x


class ModelNew(nn.Module):
    def __init__(self):
        super().__init__()
        self.slots = {}
        self.ready = {}

    def forward(self, x, v):
        address = x.data_ptr()
        self.slots[address] = (x, v)
        kept = self.ready.pop(address, None)
        if kept is not None and kept[0] == x[3, 5].item() and kept[1] == v[7, 1].item():
            return kept[2]
        every = list(self.slots.values())
        results = chain(torch.stack([pair[0] for pair in every]), torch.stack([pair[1] for pair in every]))
        self.ready = {
            pair[0].data_ptr(): (pair[0][3, 5].item(), pair[1][7, 1].item(), result)
            for pair, result in zip(every, results)
        }
        return self.ready.pop(address)[2]
