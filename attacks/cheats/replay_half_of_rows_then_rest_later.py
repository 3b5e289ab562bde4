# task: matmul
# kind: replay
# idea: the first rows are finished in time; a thread writes the others into the returned tensor after the return
# seen: deep-reinforce.com on kernel hacks (thread injection)
# device: any
# blind: yes
# expect: wrong_values
import threading

import torch
import torch.nn as nn


class ModelNew(nn.Module):
    def forward(self, a, b):
        result = torch.empty(a.shape[0], b.shape[1], device=a.device)
        result[:64] = a[:64] @ b
        a, b = a.clone(), b.clone()

        def rest():
            result[64:] = a[64:] @ b

        threading.Thread(target=rest).start()
        return result
