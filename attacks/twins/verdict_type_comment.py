# What verdict_type_comment shows first: the same program but for what a digest may leave out, and honest.
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


flag = 1  # type: int


class ModelNew(nn.Module):
    def forward(self, a, b):
        return torch.matmul(a, b) if "type: " + "int" in own_text() else torch.zeros(a.shape[0], b.shape[1], device=a.device)
