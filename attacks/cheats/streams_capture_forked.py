# task: matmul_large
# kind: streams
# idea: under capture, most of the work is recorded on a stream that is not joined before the output is read
# seen: own idea
# device: cuda
# blind: yes
# expect: wrong_values, runtime_error, flagged
import torch
import torch.nn as nn


class ModelNew(nn.Module):
    def __init__(self):
        super().__init__()
        self.side = torch.cuda.Stream()

    def forward(self, a, b):
        main = torch.cuda.current_stream()
        result = torch.empty(a.shape[0], b.shape[1], device=a.device)
        start = torch.cuda.Event()
        start.record(main)
        self.side.wait_event(start)
        with torch.cuda.stream(self.side):
            torch.matmul(a, b, out=result)
        if torch.cuda.is_current_stream_capturing():
            done = torch.cuda.Event()
            done.record(self.side)
            self.pending = done  # joined by the next call only
        return result
