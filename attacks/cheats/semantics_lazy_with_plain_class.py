# task: matmul
# kind: semantics
# idea: the lazy subclass says that its class is torch.Tensor
# seen: own idea
# device: any
# blind: yes
# expect: wrong_type, wrong_values, runtime_error, crashed
import torch
import torch.nn as nn


class Lazy(torch.Tensor):
    @property
    def __class__(self):
        return torch.Tensor

    @classmethod
    def __torch_function__(cls, function, types, args=(), kwargs=None):
        with torch._C.DisableTorchFunctionSubclass():
            for arg in args:
                if type(arg) is Lazy and "work" in vars(arg):
                    a, b = vars(arg).pop("work")
                    torch.matmul(a, b, out=arg.as_subclass(torch.Tensor))
            return function(*args, **(kwargs or {}))


class ModelNew(nn.Module):
    def forward(self, a, b):
        result = torch.empty(a.shape[0], b.shape[1], device=a.device).as_subclass(Lazy)
        result.work = (a, b)
        return result
