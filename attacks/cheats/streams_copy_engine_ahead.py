# task: add_mul_large
# kind: streams
# idea: the judge's own copy stream is delayed by a full queue, so that its copy costs more when measured than when used
# seen: own idea
# device: cuda
# blind: yes
# expect: flagged
import torch


class ModelNew(Model):
    def __init__(self):
        super().__init__()
        self.side = torch.cuda.Stream()
        self.host = None

    def forward(self, x, y):
        if self.host is None:
            self.host = torch.empty(64 << 20, dtype=torch.int8, pin_memory=True)
            self.there = torch.empty(64 << 20, dtype=torch.int8, device=x.device)
        result = super().forward(x, y)
        with torch.cuda.stream(self.side):
            for _ in range(16):
                self.there.copy_(self.host, non_blocking=True)
                self.host.copy_(self.there, non_blocking=True)
        return result
