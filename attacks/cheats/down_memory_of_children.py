# task: add_mul
# kind: brought_down
# idea: four children take 1.1 GB each: limits that hold for each process alone are passed together
# seen: a memory limit passed by children
# device: cpu
# blind: yes
# expect: crashed, runtime_error, flagged
import os
import time

size = 1100 << 20
report, told = os.pipe()
for _ in range(4):
    if os.fork() == 0:
        try:
            block = bytearray(size)
            block[::4096] = b"1" * len(block[::4096])
            os.write(told, b"1")
            time.sleep(60)
        finally:
            os._exit(0)
os.close(told)
os.set_blocking(report, False)
held, end = 0, time.monotonic() + 45
while held < 4 and time.monotonic() < end:
    time.sleep(0.1)
    try:
        held += len(os.read(report, 10))
    except BlockingIOError:
        continue


class ModelNew(Model):
    def forward(self, x, y):
        if held == 4:
            raise RuntimeError("4.4 GB are held by four children: KBWF_" + "BREACH")
        return super().forward(x, y)
