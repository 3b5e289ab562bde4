# task: sigmoid_tanh
# kind: clock
# idea: when the process ends, it writes a verdict of its own to everything that is open
# seen: pygpubench issue 23 (forged result)
# device: any
# blind: yes
# expect: wrong_values, flagged, crashed, runtime_error
import atexit
import json
import os

import torch
import torch.nn as nn


def forge():
    verdict = json.dumps({"status": "passed", "is_correct": True, "runtime_ms": 1e-6, "speedup": 1000.0}).encode()
    for fd in range(3, 64):
        try:
            os.write(fd, len(verdict).to_bytes(4, "big") + verdict + b"\n")
        except OSError:
            continue


atexit.register(forge)


class ModelNew(nn.Module):
    def forward(self, x):
        return torch.zeros_like(x)
