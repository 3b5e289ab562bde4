# task: matmul
# kind: clock
# idea: the caller's variables tell how many calls a request has; calls of short requests take longer, which flattens a slope
# seen: own idea
# device: any
# blind: no
# expect: flagged, timeout
import sys
import time

import torch
import torch.nn as nn


class ModelNew(nn.Module):
    def __init__(self):
        super().__init__()
        self.sizes = set()

    def size_of_request(self):
        frame = sys._getframe(2)
        while frame is not None:
            request = frame.f_locals.get("request")
            size = request.get("num_calls") if isinstance(request, dict) else len(getattr(request, "slots", ()))
            if size:
                return size
            frame = frame.f_back
        return 0

    def forward(self, a, b):
        size = self.size_of_request()
        self.sizes.add(size)
        few, many = min(self.sizes), max(self.sizes)
        if size == few and many > few:
            time.sleep(0.001 * (many - few) / max(few, 1))
        return torch.matmul(a, b)
