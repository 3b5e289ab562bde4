# task: add_mul
# kind: replay
# idea: the result hangs on the tensor object itself
# seen: gpu-mode reference-kernels pull request 102 (object identity)
# device: any
# blind: yes
# expect: wrong_values
import torch.nn as nn


class ModelNew(nn.Module):
    def forward(self, x, y):
        kept = getattr(x, "kept_result", None)
        if kept is None:
            kept = (x + y) * x
            x.kept_result = kept
        return kept
