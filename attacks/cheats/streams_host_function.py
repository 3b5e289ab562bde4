# task: add_mul_large
# kind: streams
# idea: a host function queued on the stream starts the work after the evaluator's event
# seen: own idea
# device: cuda
# blind: yes
# expect: wrong_values, flagged, runtime_error
import ctypes
import threading

import torch
import torch.nn as nn

CALLBACK = ctypes.CFUNCTYPE(None, ctypes.c_void_p)


class ModelNew(nn.Module):
    def __init__(self):
        super().__init__()
        self.side = torch.cuda.Stream()
        self.kept = []

    def forward(self, x, y):
        result = torch.empty_like(x)

        def work():
            with torch.cuda.stream(self.side):
                torch.mul(x + y, x, out=result)

        self.kept = self.kept[-8:] + [result]
        threading.Timer(0.0003, work).start()
        return result
