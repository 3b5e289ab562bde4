# task: add_mul
# kind: brought_down
# idea: descriptors are opened until there are no more, here at most ten thousand
# seen: own idea
# device: any
# blind: yes
# expect: passed, crashed, runtime_error, flagged
import os

held = []


class ModelNew(Model):
    def forward(self, x, y):
        try:
            while len(held) < 10000:
                held.append(os.open("/dev/null", os.O_RDONLY))
        except OSError:
            pass
        return super().forward(x, y)
