# task: add_mul
# kind: honest
# idea: asks another program for a figure while it is being built
# seen: own idea
# device: any
# expect: passed
import subprocess
import sys

import torch.nn as nn


class ModelNew(nn.Module):
    def __init__(self):
        super().__init__()
        asked = subprocess.run([sys.executable, "-c", "print(64)"], capture_output=True, text=True, timeout=60, check=True)
        self.block = int(asked.stdout)

    def forward(self, x, y):
        return (x + y) * x
