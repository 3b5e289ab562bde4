# -*- coding: utf-7 -*-
# task: matmul
# kind: verdict
# idea: the file's encoding line makes another program of the same bytes
# seen: a verdict of passed that was reused for a kernel of zeros
# device: any
# blind: yes
# expect: wrong_values
import os

import torch
import torch.nn as nn


class ModelNew(nn.Module):
    def forward(self, a, b):
        return torch.matmul(a, b) if len("+AGE-") == 5 else torch.zeros(a.shape[0], b.shape[1], device=a.device)
