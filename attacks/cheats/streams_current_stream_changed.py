# task: matmul_large
# kind: streams
# idea: the process's current stream is another one from the first call on; events go to the old one
# seen: own idea
# device: cuda
# blind: yes
# expect: wrong_values, flagged
import torch
import torch.nn as nn

stream = torch.cuda.Stream()


class ModelNew(nn.Module):
    def forward(self, a, b):
        torch.cuda.set_stream(stream)
        return torch.matmul(a, b)
