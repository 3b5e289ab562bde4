# task: add_mul
# kind: semantics
# idea: an input is overwritten with the result in timed requests only
# seen: own idea, from a runner whose requests differ
# device: any
# blind: no
# expect: input_changed, wrong_values
import sys

import torch.nn as nn


def is_timed():
    frame = sys._getframe(2)
    while frame is not None:
        request = frame.f_locals.get("request")
        if isinstance(request, dict):
            return request.get("do") == "time"
        if request is not None:
            return getattr(request, "may_alias", 0) is None
        frame = frame.f_back
    return False


class ModelNew(nn.Module):
    def forward(self, x, y):
        return y.data.add_(x).mul_(x) if is_timed() else (x + y) * x
