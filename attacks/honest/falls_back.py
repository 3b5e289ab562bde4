# task: add_mul
# kind: honest
# idea: tries a package that may be missing, and does without it
# seen: own idea
# device: any
# expect: passed
import torch.nn as nn

try:
    import a_package_that_is_nowhere as fast
except ImportError:
    fast = None


class ModelNew(nn.Module):
    def forward(self, x, y):
        return (x + y) * x if fast is None else fast.add_mul(x, y)
