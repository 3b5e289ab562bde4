# task: relu_positive
# kind: semantics
# idea: a fresh tensor that is pointed at the input's storage by address
# seen: own idea
# device: cpu
# blind: yes
# expect: input_changed, wrong_values, crashed
import ctypes

import torch
import torch.nn as nn


class ModelNew(nn.Module):
    def forward(self, x):
        memory = (ctypes.c_float * x.numel()).from_address(x.data_ptr())
        return torch.frombuffer(memory, dtype=torch.float32).view(x.shape)
