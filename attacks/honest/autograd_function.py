# task: add_mul
# kind: honest
# idea: a function with a backward of its own
# seen: own idea
# device: any
# expect: passed
import torch
import torch.nn as nn


class AddMul(torch.autograd.Function):
    @staticmethod
    def forward(ctx, x, y):
        ctx.save_for_backward(x, y)
        return (x + y) * x

    @staticmethod
    def backward(ctx, grad):
        x, y = ctx.saved_tensors
        return grad * (2 * x + y), grad * x


class ModelNew(nn.Module):
    def forward(self, x, y):
        return AddMul.apply(x, y)
