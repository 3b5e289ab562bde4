# task: sigmoid_tanh
# kind: reference
# idea: the same timer wakes processes that keep all processors busy while the reference is timed, and rest in the kernel's own calls
# seen: own idea, from a judge that stops candidates by SIGSTOP
# device: cpu
# blind: no
# expect: flagged, crashed, timeout
import ctypes
import mmap
import os
import signal
import time

libc = ctypes.CDLL(None, use_errno=True)
flag = mmap.mmap(-1, 4096)


class Event(ctypes.Structure):
    _fields_ = [("value", ctypes.c_void_p), ("signo", ctypes.c_int), ("notify", ctypes.c_int), ("padding", ctypes.c_char * 48)]


def hog():
    timer, event = ctypes.c_void_p(), Event(None, signal.SIGCONT, 0)
    libc.timer_create(1, ctypes.byref(event), ctypes.byref(timer))
    libc.timer_settime(timer, 0, (ctypes.c_long * 4)(0, 1_000_000, 0, 1_000_000), None)
    end = time.monotonic() + 20
    while time.monotonic() < end:
        if flag[0]:
            time.sleep(0.0002)


for _ in range(min(os.cpu_count() or 1, 4)):
    if os.fork() == 0:
        try:
            hog()
        finally:
            os._exit(0)


class ModelNew(Model):
    def forward(self, *inputs):
        flag[0] = 1
        try:
            return super().forward(*inputs)
        finally:
            flag[0] = 0
