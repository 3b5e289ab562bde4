# task: sigmoid_tanh
# kind: clock
# idea: the class's own __call__ gives back an empty tensor and queues the work for the next idle moment
# seen: own idea
# device: any
# blind: yes
# expect: wrong_values
import threading
import queue

import torch
import torch.nn as nn

todo = queue.Queue()


def work():
    while True:
        x, result = todo.get()
        result.copy_(torch.sigmoid(x) * torch.tanh(x))


threading.Thread(target=work, daemon=True).start()


class ModelNew(nn.Module):
    def __call__(self, x):
        result = torch.empty_like(x)
        todo.put((x, result))
        return result
