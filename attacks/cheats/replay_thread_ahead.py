# task: matmul
# kind: replay
# idea: a thread watches the input buffers it has seen, and does the work as soon as new values lie in them
# seen: own idea, after the project's measurements of polling kernels
# device: any
# blind: yes
# expect: wrong_values, flagged, crashed, runtime_error, timeout
import threading
import time

import torch
import torch.nn as nn

seen = {}
done = {}


def probe(a, b):
    return (a[0, 0].item(), a[-1, -1].item(), b[0, 0].item(), b[-1, -1].item())


def watch():
    end = time.monotonic() + 120
    while time.monotonic() < end:
        for address, (a, b) in list(seen.items()):
            now = probe(a, b)
            if done.get(address, (None,))[0] != now:
                done[address] = (now, torch.matmul(a, b))
        time.sleep(0.0002)


threading.Thread(target=watch, daemon=True).start()


class ModelNew(nn.Module):
    def forward(self, a, b):
        seen[a.data_ptr()] = (a, b)
        kept = done.get(a.data_ptr())
        if kept is not None and kept[0] == probe(a, b):
            return kept[1]
        return torch.matmul(a, b)
