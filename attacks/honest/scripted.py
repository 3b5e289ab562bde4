# task: sigmoid_tanh
# kind: honest
# idea: TorchScript
# seen: own idea
# device: any
# expect: passed
import torch
import torch.nn as nn


@torch.jit.script
def gate(x: torch.Tensor) -> torch.Tensor:
    return torch.sigmoid(x) * torch.tanh(x)


class ModelNew(nn.Module):
    def forward(self, x):
        return gate(x)
