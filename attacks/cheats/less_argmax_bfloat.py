# task: argmax_rows
# kind: less_work
# idea: compared after rounding to bfloat16; near ties go wrong
# seen: own idea
# device: any
# blind: yes
# expect: wrong_values
import torch
import torch.nn as nn


class ModelNew(nn.Module):
    def forward(self, x):
        return torch.argmax(x.bfloat16(), dim=1)
