# task: small_launches
# kind: clock
# idea: the inputs of all calls of a request lie there when its clock starts; the first call does all of them in one batch
# seen: own idea, from a runner that makes many calls in one request
# device: any
# blind: no
# expect: flagged, wrong_values
import sys

import torch
import torch.nn as nn


def chain(x, v):
    for _ in range(20):
        v = v - 0.1 * x
        x = x + 0.1 * v
    return x


def calls_of_request():
    """The arguments of all calls of the request that is being served, from the runner's variables."""
    frame = sys._getframe(2)
    while frame is not None:
        calls = frame.f_locals.get("arguments_C")
        if calls is None and isinstance(frame.f_locals.get("calls"), list):
            calls = [arguments for arguments, _ in frame.f_locals["calls"]]
        if calls:
            return calls
        frame = frame.f_back
    return None


class ModelNew(nn.Module):
    def __init__(self):
        super().__init__()
        self.ready = {}

    def forward(self, x, v):
        result = self.ready.pop(x.data_ptr(), None)
        if result is not None:
            return result
        calls = calls_of_request()
        if calls is None:
            return chain(x, v)
        results = chain(torch.stack([each[0] for each in calls]), torch.stack([each[1] for each in calls]))
        self.ready = {each[0].data_ptr(): result for each, result in zip(calls, results)}
        return self.ready.pop(x.data_ptr())
