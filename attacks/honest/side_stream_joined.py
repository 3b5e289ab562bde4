# task: matmul_large
# kind: honest
# idea: two streams, each waited for on both ends
# seen: own idea
# device: cuda
# expect: passed
import torch
import torch.nn as nn


class ModelNew(nn.Module):
    def __init__(self):
        super().__init__()
        self.side = torch.cuda.Stream()

    def forward(self, a, b):
        main = torch.cuda.current_stream()
        half = a.shape[0] // 2
        result = torch.empty(a.shape[0], b.shape[1], device=a.device)
        self.side.wait_stream(main)
        with torch.cuda.stream(self.side):
            torch.matmul(a[half:], b, out=result[half:])
        torch.matmul(a[:half], b, out=result[:half])
        main.wait_stream(self.side)
        return result
