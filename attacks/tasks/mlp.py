# Weights of its own, from the seed that the evaluator sets.
import torch
import torch.nn as nn


class Model(nn.Module):
    def __init__(self, features, hidden, outputs):
        super().__init__()
        self.first = nn.Linear(features, hidden)
        self.second = nn.Linear(hidden, outputs)

    def forward(self, x):
        return self.second(torch.relu(self.first(x)))


def get_inputs():
    return [torch.rand(128, 512)]


def get_init_inputs():
    return [512, 1024, 256]
