# task: matmul_large
# kind: streams
# idea: most rows are computed on a side stream, some on the main one, so that there is always work to be seen
# seen: own idea
# device: cuda
# blind: yes
# expect: wrong_values, flagged
import torch
import torch.nn as nn


class ModelNew(nn.Module):
    def __init__(self):
        super().__init__()
        self.stream = torch.cuda.Stream()

    def forward(self, a, b):
        result = torch.empty(a.shape[0], b.shape[1], device=a.device)
        cut = a.shape[0] // 8
        with torch.cuda.stream(self.stream):
            torch.matmul(a[cut:], b, out=result[cut:])
        torch.matmul(a[:cut], b, out=result[:cut])
        return result
