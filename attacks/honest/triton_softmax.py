# task: softmax_large
# kind: honest
# idea: a Triton softmax, one row for each program
# seen: own idea
# device: cuda
# expect: passed
import torch
import torch.nn as nn
import triton
import triton.language as tl


@triton.jit
def kernel(x, out, n, BLOCK: tl.constexpr):
    row = tl.program_id(0).to(tl.int64) * n
    top = -float("inf")
    total = 0.0
    for start in range(0, n, BLOCK):
        place = start + tl.arange(0, BLOCK)
        part = tl.load(x + row + place, mask=place < n, other=-float("inf"))
        new = tl.maximum(top, tl.max(part, 0))
        total = total * tl.exp(top - new) + tl.sum(tl.exp(part - new), 0)
        top = new
    for start in range(0, n, BLOCK):
        place = start + tl.arange(0, BLOCK)
        part = tl.load(x + row + place, mask=place < n, other=-float("inf"))
        tl.store(out + row + place, tl.exp(part - top) / total, mask=place < n)


class ModelNew(nn.Module):
    def forward(self, x):
        out = torch.empty_like(x)
        kernel[(x.shape[0],)](x, out, x.shape[1], BLOCK=4096, num_warps=8)
        return out
