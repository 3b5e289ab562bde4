# task: add_mul_large
# kind: honest
# idea: a Triton kernel
# seen: own idea
# device: cuda
# expect: passed
import torch
import torch.nn as nn
import triton
import triton.language as tl


@triton.jit
def kernel(x, y, out, n, BLOCK: tl.constexpr):
    place = tl.program_id(0).to(tl.int64) * BLOCK + tl.arange(0, BLOCK)
    mask = place < n
    of_x = tl.load(x + place, mask=mask)
    of_y = tl.load(y + place, mask=mask)
    tl.store(out + place, (of_x + of_y) * of_x, mask=mask)


class ModelNew(nn.Module):
    def forward(self, x, y):
        out = torch.empty_like(x)
        kernel[(triton.cdiv(x.numel(), 1024),)](x, y, out, x.numel(), BLOCK=1024)
        return out
