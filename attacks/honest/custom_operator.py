# task: add_mul
# kind: honest
# idea: an operator registered with the library
# seen: own idea
# device: any
# expect: passed
import torch
import torch.nn as nn


@torch.library.custom_op("kbwf_bank::add_mul", mutates_args=())
def add_mul(x: torch.Tensor, y: torch.Tensor) -> torch.Tensor:
    return (x + y) * x


class ModelNew(nn.Module):
    def forward(self, x, y):
        return torch.ops.kbwf_bank.add_mul(x, y)
