# task: add_mul
# kind: honest
# idea: two threads, both joined before the return
# seen: own idea
# device: any
# expect: passed
import threading

import torch
import torch.nn as nn


class ModelNew(nn.Module):
    def forward(self, x, y):
        result = torch.empty_like(x)
        half = x.shape[0] // 2

        def work(part):
            torch.mul(x[part] + y[part], x[part], out=result[part])

        thread = threading.Thread(target=work, args=(slice(half, None),))
        thread.start()
        work(slice(0, half))
        thread.join()
        if x.is_cuda:
            torch.cuda.synchronize()
        return result
