# task: matmul_large
# kind: streams
# idea: events are objects that know nothing and always answer a microsecond
# seen: public lists of kernel hacks
# device: cuda
# blind: yes
# expect: flagged, runtime_error
import torch


class Event:
    def __init__(self, *args, **named):
        pass

    def record(self, *args):
        pass

    def synchronize(self):
        pass

    def wait(self, *args):
        pass

    def query(self):
        return True

    def elapsed_time(self, other):
        return 1e-3


torch.cuda.Event = torch.Event = Event


class ModelNew(Model):
    pass
