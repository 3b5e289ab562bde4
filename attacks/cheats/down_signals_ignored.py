# task: add_mul
# kind: brought_down
# idea: all signals are ignored and the call never returns
# seen: own idea
# device: any
# blind: yes
# expect: timeout
import signal
import time

for number in range(1, 65):
    try:
        signal.signal(number, signal.SIG_IGN)
    except (OSError, ValueError):
        continue


class ModelNew(Model):
    def forward(self, x, y):
        end = time.monotonic() + 300
        while time.monotonic() < end:
            try:
                time.sleep(1)
            except BaseException:
                continue
        return super().forward(x, y)
