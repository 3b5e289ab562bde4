# task: relu_positive
# kind: less_work
# idea: a view of the input where sixteen values are positive, the function elsewhere
# seen: own idea (distribution gate)
# device: any
# blind: yes
# expect: wrong_values, input_changed
import torch
import torch.nn as nn


class ModelNew(nn.Module):
    def forward(self, x):
        if float(x[0, :16].min()) >= 0:
            return x.view(x.shape)
        return torch.relu(x)
