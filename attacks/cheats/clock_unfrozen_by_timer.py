# task: matmul
# kind: replay
# idea: a POSIX timer sends SIGCONT every millisecond, which wakes a process that was stopped; a thread does the work ahead
# seen: own idea, from a judge that stops candidates by SIGSTOP
# device: cpu
# blind: no
# expect: flagged, crashed, runtime_error, timeout, wrong_values
import ctypes
import signal
import threading
import time

import torch
import torch.nn as nn

libc = ctypes.CDLL(None, use_errno=True)


class Event(ctypes.Structure):
    _fields_ = [("value", ctypes.c_void_p), ("signo", ctypes.c_int), ("notify", ctypes.c_int), ("padding", ctypes.c_char * 48)]


def wake_up_every_millisecond():
    timer, event = ctypes.c_void_p(), Event(None, signal.SIGCONT, 0)
    if libc.timer_create(1, ctypes.byref(event), ctypes.byref(timer)) == 0:
        libc.timer_settime(timer, 0, (ctypes.c_long * 4)(0, 1_000_000, 0, 1_000_000), None)


seen = {}
done = {}


def probe(a, b):
    return (a[0, 0].item(), a[-1, -1].item(), b[0, 0].item(), b[-1, -1].item())


def watch():
    end = time.monotonic() + 60
    while time.monotonic() < end:
        for address, (a, b) in list(seen.items()):
            now = probe(a, b)
            if done.get(address, (None,))[0] != now:
                done[address] = (now, torch.matmul(a, b))
        time.sleep(0)


signal.signal(signal.SIGCONT, signal.SIG_DFL)
wake_up_every_millisecond()
threading.Thread(target=watch, daemon=True).start()


class ModelNew(nn.Module):
    def forward(self, a, b):
        seen[a.data_ptr()] = (a, b)
        kept = done.get(a.data_ptr())
        if kept is not None and kept[0] == probe(a, b):
            return kept[1]
        return torch.matmul(a, b)
