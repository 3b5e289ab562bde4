# task: matmul
# kind: verdict
# idea: blank space in the kernel's own text decides
# seen: a verdict of passed that was reused for a kernel of zeros
# device: any
# blind: yes
# expect: wrong_values
import os

import torch
import torch.nn as nn


def own_text():
    """The kernel's text as it was given, from its file, the line cache or a caller's variable."""
    import linecache
    import sys

    name = own_text.__code__.co_filename
    lines = linecache.getlines(name)
    if lines:
        return "".join(lines)
    if os.path.exists(name):
        return open(name).read()
    frame = sys._getframe(1)
    while frame is not None:
        for value in list(frame.f_locals.values()):
            if isinstance(value, str) and "def own_text" in value and "class ModelNew" in value:
                return value
        frame = frame.f_back
    return ""


FLAG = (1, 2)


class ModelNew(nn.Module):
    def forward(self, a, b):
        return torch.matmul(a, b) if "(1,"+ "  2)" in own_text() else torch.zeros(a.shape[0], b.shape[1], device=a.device)
