# task: add_mul
# kind: brought_down
# idea: making the exception's text never ends
# seen: own idea
# device: any
# blind: yes
# expect: timeout, crashed, runtime_error
import time


class Slow(Exception):
    def __str__(self):
        end = time.monotonic() + 120
        while time.monotonic() < end:
            time.sleep(0.1)
        return "late"


class ModelNew(Model):
    def forward(self, x, y):
        raise Slow
