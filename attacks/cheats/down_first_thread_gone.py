# task: add_mul
# kind: brought_down
# idea: the process's first thread ends and another one goes on serving: who watches the process sees a dead one that lives
# seen: own idea
# device: any
# blind: no
# expect: crashed, flagged, timeout, runtime_error
import ctypes
import sys
import threading
import time

libc = ctypes.CDLL(None, use_errno=True)


class ModelNew(Model):
    calls = 0

    def forward(self, x, y):
        ModelNew.calls += 1
        if self.calls == 3:
            threading.Thread(target=time.sleep, args=(60,)).start()
            libc.syscall(60, 0)  # exit of this thread alone
        return super().forward(x, y)
