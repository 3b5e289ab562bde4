# task: add_mul
# kind: honest
# idea: rows in chunks, into one fresh result
# seen: own idea
# device: any
# expect: passed
import torch
import torch.nn as nn


class ModelNew(nn.Module):
    def forward(self, x, y):
        result = torch.empty_like(x)
        for rows in range(0, x.shape[0], 64):
            part = slice(rows, rows + 64)
            torch.add(x[part], y[part], out=result[part])
            result[part].mul_(x[part])
        return result
