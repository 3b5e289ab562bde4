# task: add_mul
# kind: brought_down
# idea: address zero is read in the second call
# seen: public lists of kernel hacks
# device: any
# blind: yes
# expect: crashed
import ctypes


class ModelNew(Model):
    calls = 0

    def forward(self, x, y):
        ModelNew.calls += 1
        if self.calls == 2:
            ctypes.string_at(0)
        return super().forward(x, y)
