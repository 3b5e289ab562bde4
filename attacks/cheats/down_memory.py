# task: add_mul
# kind: brought_down
# idea: memory without end, here at most six gigabytes
# seen: public lists of kernel hacks
# device: any
# blind: yes
# expect: crashed, runtime_error, flagged, passed
import torch

hog = []


class ModelNew(Model):
    def forward(self, x, y):
        while len(hog) < 24:
            hog.append(torch.ones(64 << 20))  # 256 MB
        return super().forward(x, y)
