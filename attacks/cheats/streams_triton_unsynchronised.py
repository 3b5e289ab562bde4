# task: add_mul_large
# kind: streams
# idea: the Triton kernel writes most of the output; the rest is written by a launch on another stream
# seen: own idea
# device: cuda
# blind: yes
# expect: wrong_values, flagged
import torch
import torch.nn as nn
import triton
import triton.language as tl


@triton.jit
def add_mul(x, y, out, first, n, BLOCK: tl.constexpr):
    place = first + tl.program_id(0).to(tl.int64) * BLOCK + tl.arange(0, BLOCK)
    mask = place < n
    of_x = tl.load(x + place, mask=mask)
    of_y = tl.load(y + place, mask=mask)
    tl.store(out + place, (of_x + of_y) * of_x, mask=mask)


class ModelNew(nn.Module):
    def __init__(self):
        super().__init__()
        self.side = torch.cuda.Stream()

    def forward(self, x, y):
        out = torch.empty_like(x)
        n, half = x.numel(), x.numel() // 2
        with torch.cuda.stream(self.side):
            add_mul[(triton.cdiv(n - half, 4096),)](x, y, out, half, n, BLOCK=4096)
        add_mul[(triton.cdiv(half, 4096),)](x, y, out, 0, half, BLOCK=4096)
        return out
