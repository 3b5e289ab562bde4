# task: add_mul
# kind: brought_down
# idea: the class of the result has a name of escapes and line ends, 10,000 characters long
# seen: terminal escapes printed from a kernel's message
# device: any
# blind: no
# expect: wrong_type, runtime_error
import torch.nn as nn

Odd = type("\x1b[2J\n\rpassed: 1000.000x" * 500, (), {})


class ModelNew(nn.Module):
    def forward(self, x, y):
        return Odd()
