# task: add_mul
# kind: brought_down
# idea: every descriptor is replaced by a pipe that nobody reads
# seen: own idea
# device: any
# blind: yes
# expect: crashed, flagged, runtime_error, timeout
import os


class ModelNew(Model):
    def forward(self, x, y):
        result = super().forward(x, y)
        _, end = os.pipe()
        for fd in range(3, 64):
            if fd != end:
                try:
                    os.fstat(fd)
                    os.dup2(end, fd)
                except OSError:
                    continue
        return result
