# task: gather_rows
# kind: brought_down
# idea: the same, by a thread that waits until the kernel's own turn is over
# seen: an evaluator whose reference failed on changed inputs
# device: cpu
# blind: no
# expect: input_changed, wrong_values, crashed, runtime_error, flagged
import threading
import time

import torch

seen = []


def spoil():
    end = time.monotonic() + 30
    while time.monotonic() < end:
        time.sleep(0.003)
        for index in seen[:8]:
            index.view(-1)[:16] = 1 << 40


threading.Thread(target=spoil, daemon=True).start()


class ModelNew(Model):
    def forward(self, table, index):
        seen.append(index.data)
        return super().forward(table, index.clamp(0, 4095))
