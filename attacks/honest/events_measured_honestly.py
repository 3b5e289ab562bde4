# task: matmul_large
# kind: honest
# idea: the kernel times itself with events in its first call, to choose between two ways
# seen: own idea
# device: cuda
# expect: passed
import torch
import torch.nn as nn


class ModelNew(nn.Module):
    def __init__(self):
        super().__init__()
        self.way = None

    def forward(self, a, b):
        if self.way is None and not torch.cuda.is_current_stream_capturing():
            ways = (torch.matmul, lambda a, b: torch.mm(a, b))
            times = []
            for way in ways:
                start, end = torch.cuda.Event(enable_timing=True), torch.cuda.Event(enable_timing=True)
                start.record()
                way(a, b)
                end.record()
                end.synchronize()
                times.append(start.elapsed_time(end))
            self.way = ways[times.index(min(times))]
        return (self.way or torch.matmul)(a, b)
