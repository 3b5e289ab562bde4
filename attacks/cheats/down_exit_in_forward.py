# task: add_mul
# kind: brought_down
# idea: the process ends with success in the third call
# seen: public lists of kernel hacks
# device: any
# blind: yes
# expect: crashed, runtime_error
import os


class ModelNew(Model):
    calls = 0

    def forward(self, x, y):
        ModelNew.calls += 1
        if self.calls == 3:
            os._exit(0)
        return super().forward(x, y)
