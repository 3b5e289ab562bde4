# task: sigmoid_tanh
# kind: reference
# idea: a thread without the interpreter's lock copies memory whenever no call of the kernel runs
# seen: own idea
# device: cpu
# blind: yes
# expect: flagged, timeout
import threading
import time

import torch

state = {"busy": False}
junk = [torch.zeros(32 << 20, dtype=torch.int8) for _ in range(2)]


def hog():
    end = time.monotonic() + 20
    while time.monotonic() < end:
        if state["busy"]:
            time.sleep(0.0002)
        else:
            junk[0].copy_(junk[1])


for _ in range(2):
    threading.Thread(target=hog, daemon=True).start()


class ModelNew(Model):
    def forward(self, *inputs):
        state["busy"] = True
        try:
            return super().forward(*inputs)
        finally:
            state["busy"] = False
