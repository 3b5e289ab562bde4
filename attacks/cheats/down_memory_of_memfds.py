# task: add_mul
# kind: brought_down
# idea: memory files count for no process; six gigabytes of them are written
# seen: a memory limit passed by memfds
# device: cpu
# blind: yes
# expect: crashed, runtime_error, flagged
import os

files = []
held = 0
try:
    for _ in range(24):
        fd = os.memfd_create("hog")
        files.append(fd)
        block = bytes(1 << 20)
        for _ in range(256):
            held += os.write(fd, block)
except OSError:
    for fd in files:
        os.close(fd)


class ModelNew(Model):
    def forward(self, x, y):
        if held > 5 << 30:
            raise RuntimeError(f"{held >> 30} GB lie in memory files")
        return super().forward(x, y)
