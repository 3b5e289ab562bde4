# task: add_mul
# kind: brought_down
# idea: a gigabyte goes to standard output and error
# seen: public lists of kernel hacks
# device: any
# blind: yes
# expect: passed, crashed, runtime_error, flagged, timeout
import os

block = b"\x1b[31mpassed 1000x\x1b[0m\n\x00\xff" * 40000


class ModelNew(Model):
    calls = 0

    def forward(self, x, y):
        ModelNew.calls += 1
        if self.calls == 1:
            for _ in range(500):
                os.write(1, block)
                os.write(2, block)
        return super().forward(x, y)
