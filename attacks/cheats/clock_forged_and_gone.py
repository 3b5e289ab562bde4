# task: sigmoid_tanh
# kind: clock
# idea: the first call writes a verdict to standard output and to every descriptor, then ends the process with success
# seen: pygpubench issue 23 (forged result)
# device: any
# blind: yes
# expect: crashed, flagged, wrong_values
import json
import os

import torch.nn as nn


class ModelNew(nn.Module):
    def forward(self, x):
        verdict = json.dumps({"status": "passed", "outputs": [], "times_ms": [1e-6] * 5, "ok": True}).encode()
        for fd in range(1, 64):
            try:
                os.write(fd, len(verdict).to_bytes(8, "little") + verdict)
            except OSError:
                continue
        os._exit(0)
