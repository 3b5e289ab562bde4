# task: add_mul
# kind: brought_down
# idea: the runner's look at shape and dtype meets a class whose properties raise, loop and lie
# seen: own idea
# device: any
# blind: yes
# expect: wrong_type, runtime_error, crashed
import torch
import torch.nn as nn


class Odd(torch.Tensor):
    @property
    def shape(self):
        raise SystemExit(75)

    @property
    def dtype(self):
        return "\x1b[2J" * 1000

    def __reduce_ex__(self, protocol):
        return (exec, ("raise SystemExit(75)",))


class ModelNew(nn.Module):
    def forward(self, x, y):
        return ((x + y) * x).as_subclass(Odd)
