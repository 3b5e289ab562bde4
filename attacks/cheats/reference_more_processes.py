# task: sigmoid_tanh
# kind: reference
# idea: forked processes share the work, each on a processor of its own
# seen: own idea
# device: cpu
# blind: yes
# expect: flagged, crashed, timeout, wrong_values
import mmap
import os
import struct

import torch
import torch.nn as nn

SIZE = 512 * 2048
NUM = min(os.cpu_count() or 1, 4)


class ModelNew(nn.Module):
    """The workers wait at a pipe, read their part of the inputs from shared memory and write their part of the result."""

    def __init__(self):
        super().__init__()
        self.inputs = torch.frombuffer(mmap.mmap(-1, 4 * SIZE), dtype=torch.float32)
        self.outputs = torch.frombuffer(mmap.mmap(-1, 4 * SIZE), dtype=torch.float32)
        self.ends = []
        for index in range(NUM):
            wake, go = os.pipe()
            done, ready = os.pipe()
            if os.fork() == 0:
                try:
                    os.close(go)
                    try:
                        os.sched_setaffinity(0, {index})
                    except OSError:
                        pass
                    torch.set_num_threads(1)
                    part = slice(SIZE * index // NUM, SIZE * (index + 1) // NUM)
                    while os.read(wake, 1):
                        x = self.inputs[part]
                        self.outputs[part] = torch.sigmoid(x) * torch.tanh(x)
                        os.write(ready, b"1")
                finally:
                    os._exit(0)
            os.close(wake)
            self.ends.append((go, done))

    def forward(self, x):
        self.inputs.copy_(x.flatten())
        for go, _ in self.ends:
            os.write(go, b"1")
        for _, done in self.ends:
            os.read(done, 1)
        return self.outputs.clone().view(x.shape)
