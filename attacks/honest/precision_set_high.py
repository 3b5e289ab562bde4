# task: matmul
# kind: honest
# idea: asks the library for full precision
# seen: own idea
# device: any
# expect: passed
import torch
import torch.nn as nn

torch.set_float32_matmul_precision("highest")
torch.backends.cuda.matmul.allow_tf32 = False


class ModelNew(nn.Module):
    def forward(self, a, b):
        return torch.mm(a, b)
