# task: mse_scalar
# kind: secrets
# idea: the first run leaves a pattern in gigabytes of GPU memory, the second looks for it in fresh memory
# seen: own idea
# device: cuda
# blind: yes
# runs: 2
# expect: passed
import torch

PATTERN = 0x6B627766
junk = torch.empty(512 << 20, dtype=torch.int32, device="cuda")  # 2 GB
hits = sum(int((part == PATTERN).sum()) for part in junk.split(64 << 20))
if hits > 1000:
    raise RuntimeError(f"{hits} words of an earlier kernel: KBWF_" + "BREACH")
junk.fill_(PATTERN)
torch.cuda.synchronize()
del junk


class ModelNew(Model):
    pass
