# task: matmul
# kind: honest
# idea: the sum over terms in four parts
# seen: own idea
# device: any
# expect: passed
import torch
import torch.nn as nn


class ModelNew(nn.Module):
    def forward(self, a, b):
        step = a.shape[1] // 4
        result = a[:, :step] @ b[:step]
        for start in range(step, a.shape[1], step):
            result.addmm_(a[:, start : start + step], b[start : start + step])
        return result
