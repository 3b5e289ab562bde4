# task: conv_image
# kind: honest
# idea: another order in memory; the result comes back in it
# seen: own idea
# device: any
# expect: passed
import torch


class ModelNew(Model):
    def forward(self, x):
        return self.conv(x.to(memory_format=torch.channels_last))
