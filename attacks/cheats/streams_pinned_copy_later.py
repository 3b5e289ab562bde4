# task: mse_scalar
# kind: streams
# idea: the result is a tensor that a copy from pinned memory fills whenever a side stream comes to it
# seen: own idea
# device: cuda
# blind: yes
# expect: wrong_values, flagged
import torch
import torch.nn as nn


class ModelNew(nn.Module):
    def __init__(self):
        super().__init__()
        self.side = torch.cuda.Stream()
        self.pinned = None

    def forward(self, prediction, target):
        if self.pinned is None:
            self.pinned = torch.empty((), pin_memory=True)
        with torch.cuda.stream(self.side):
            self.pinned.copy_(torch.mean((prediction - target) ** 2), non_blocking=True)
        result = torch.empty((), device=prediction.device)
        result.copy_(self.pinned, non_blocking=True)
        return result
