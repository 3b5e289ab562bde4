# task: relu_positive
# kind: less_work
# idea: a copy of the input, which shares no memory with it
# seen: public lists of kernel hacks
# device: any
# blind: yes
# expect: wrong_values
import torch.nn as nn


class ModelNew(nn.Module):
    def forward(self, x):
        return x.clone()
