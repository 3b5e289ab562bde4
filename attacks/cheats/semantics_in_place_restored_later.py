# task: sigmoid_tanh
# kind: semantics
# idea: the result lies in the input's memory; a thread restores the input a moment later
# seen: own idea
# device: any
# blind: yes
# expect: input_changed, wrong_values, crashed, runtime_error
import threading
import time

import torch
import torch.nn as nn


class ModelNew(nn.Module):
    def forward(self, x):
        kept = x.clone()
        x.data.copy_(torch.sigmoid(x) * torch.tanh(x))

        def restore():
            time.sleep(0.002)
            x.data.copy_(kept)

        threading.Thread(target=restore).start()
        return x.view(x.shape)
