import torch
import torch.nn as nn
import torch.nn.functional as F

BATCH = 128
FEATURES = 256
HIDDEN = 384


class Model(nn.Module):
    """Two linear layers with a ReLU between them."""

    def __init__(self, features, hidden):
        super().__init__()
        self.fc1 = nn.Linear(features, hidden)
        self.fc2 = nn.Linear(hidden, features)

    def forward(self, x):
        return self.fc2(F.relu(self.fc1(x)))


def get_inputs():
    return [torch.randn(BATCH, FEATURES)]


def get_init_inputs():
    return [FEATURES, HIDDEN]
