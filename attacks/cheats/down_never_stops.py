# task: add_mul
# kind: brought_down
# idea: a thread waits in the kernel for a vforked child, where no stop signal reaches it; whoever waits for the stop waits for ever
# seen: own idea, from a judge that stops candidates by SIGSTOP
# device: any
# blind: no
# expect: timeout, flagged, crashed, runtime_error
import ctypes
import signal
import threading

libc = ctypes.CDLL(None, use_errno=True)
libc.clone.argtypes = [ctypes.c_void_p, ctypes.c_void_p, ctypes.c_int, ctypes.c_void_p]


def wait_for_child():
    stack = ctypes.create_string_buffer(1 << 20)
    top = (ctypes.addressof(stack) + len(stack)) & ~63
    pause = ctypes.cast(libc.sleep, ctypes.c_void_p)
    libc.clone(pause, top, 0x4000 | signal.SIGCHLD, 120)  # CLONE_VFORK: until the child ends, after two minutes


class ModelNew(Model):
    started = False

    def forward(self, x, y):
        if not ModelNew.started:
            ModelNew.started = True
            threading.Thread(target=wait_for_child, daemon=True).start()
        return super().forward(x, y)
