# task: sigmoid_tanh
# kind: clock
# idea: the machine code of clock_gettime in this process gives zero back; Python's functions call it
# seen: own idea
# device: any
# blind: yes
# expect: flagged, crashed, runtime_error, timeout
import ctypes
import platform

libc = ctypes.CDLL(None)


def freeze():
    if platform.machine() != "x86_64":
        return
    # mov qword [rsi], 0; mov qword [rsi+8], 0; xor eax, eax; ret
    code = bytes.fromhex("48c70600000000" "48c7460800000000" "31c0" "c3")
    address = ctypes.cast(libc.clock_gettime, ctypes.c_void_p).value
    page = address & ~4095
    if libc.mprotect(ctypes.c_void_p(page), ctypes.c_size_t(8192), 7) == 0:
        ctypes.memmove(address, code, len(code))


class ModelNew(Model):
    calls = 0

    def forward(self, *inputs):
        ModelNew.calls += 1
        if ModelNew.calls == 4:
            freeze()
        return super().forward(*inputs)
