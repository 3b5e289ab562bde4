# task: matmul
# kind: semantics
# idea: the result is a tensor subclass that multiplies when somebody looks at it
# seen: deep-reinforce.com on kernel hacks (lazy evaluation)
# device: any
# blind: yes
# expect: wrong_type, runtime_error
import torch
import torch.nn as nn


class Lazy(torch.Tensor):
    @staticmethod
    def __new__(cls, a, b):
        return torch.Tensor._make_wrapper_subclass(cls, (a.shape[0], b.shape[1]), dtype=a.dtype, device=a.device)

    def __init__(self, a, b):
        self.a, self.b = a, b

    @classmethod
    def __torch_dispatch__(cls, function, types, args=(), kwargs=None):
        def value(thing):
            return torch.matmul(thing.a, thing.b) if isinstance(thing, Lazy) else thing

        return function(*[value(arg) for arg in args], **(kwargs or {}))


class ModelNew(nn.Module):
    def forward(self, a, b):
        return Lazy(a, b)
