# task: conv_image
# kind: less_work
# idea: the last row and column are copies of their neighbours
# seen: own idea
# device: any
# blind: yes
# expect: wrong_values
import torch


class ModelNew(Model):
    def forward(self, x):
        inner = self.conv(x[:, :, :-1, :-1])
        inner = torch.cat([inner, inner[:, :, -1:]], 2)
        return torch.cat([inner, inner[:, :, :, -1:]], 3)
