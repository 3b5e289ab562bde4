# task: argmax_rows
# kind: honest
# idea: maxima of chunks, the first of the largest
# seen: own idea
# device: any
# expect: passed
import torch
import torch.nn as nn


class ModelNew(nn.Module):
    def forward(self, x):
        parts = x.view(x.shape[0], 16, -1)
        values, places = parts.max(2)
        chunk = values.argmax(1, keepdim=True)
        return (chunk * parts.shape[2] + places.gather(1, chunk)).squeeze(1)
