# task: matmul
# kind: semantics
# idea: the plain tensor carries methods of its own, which do the work when they are called
# seen: gpu-mode reference-kernels issue 162 (instance override)
# device: any
# blind: yes
# expect: wrong_values, wrong_type
import torch
import torch.nn as nn


class ModelNew(nn.Module):
    def forward(self, a, b):
        result = torch.empty(a.shape[0], b.shape[1], device=a.device)

        def late(name):
            honest = getattr(result, name)

            def method(*args, **named):
                torch.matmul(a, b, out=result)
                return honest(*args, **named)

            return method

        for name in ("cpu", "clone", "numpy", "to", "contiguous", "double", "float", "detach", "data_ptr", "untyped_storage"):
            setattr(result, name, late(name))
        return result
